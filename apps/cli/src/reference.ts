import { jobIdOf, parseReference } from "@tac8/core/domain/reference";
import { messageOf, Problem } from "./context.ts";
import type { Place } from "./redis/locate.ts";

/** The job id of the issue that somebody named. @throws Problem when it names none, or more than one. */
export function referenceOf(text: string, { repositories }: Place, cwd: string): string {
  if (repositories.length === 0) {
    throw new Problem(
      `there is no config.toml in ${cwd}, and no demo: run this where tac8 up runs, or give --config FILE`,
    );
  }
  try {
    return jobIdOf(parseReference(text, repositories));
  } catch (error) {
    throw new Problem(messageOf(error), { cause: error });
  }
}
