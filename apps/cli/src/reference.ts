import { noConfiguration } from "@tac8/core/config/resolve";
import { jobIdOf, NotAReference, parseReference } from "@tac8/core/domain/reference";
import { messageOf, Problem, WrongUsage } from "./context.ts";
import type { Place } from "./redis/locate.ts";

/** The job of the issue that a person names: `471`, `owner/repo#471` or its address. @throws Problem of one line; WrongUsage where the text names no issue */
export function referenceOf(
  text: string,
  { repositories, searched }: Pick<Place, "repositories" | "searched">,
): string {
  if (repositories.length === 0) {
    throw new Problem(`${noConfiguration(searched)}, and no demo is running: give --config FILE`);
  }
  try {
    return jobIdOf(parseReference(text, repositories));
  } catch (error) {
    const Kind = error instanceof NotAReference ? WrongUsage : Problem;
    throw new Kind(messageOf(error), { cause: error });
  }
}
