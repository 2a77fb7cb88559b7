import { messageOf } from "@tac8/core/domain/messageOf";
import { noConfiguration } from "@tac8/core/config/resolve";
import { jobIdOf, NotAReference, parseFullReference, parseReference } from "@tac8/core/domain/reference";
import { Problem, WrongUsage } from "../problems/problem.ts";
import type { Installation } from "../installation/locate.ts";

/**
 * Return the job id of an issue that an operator names as `471`, `owner/repo#471` or by its address.
 * @throws Problem with one line; WrongUsage if the text is not an issue
 */
export function referenceOf(
  text: string,
  { repositories, searched, mistakes }: Pick<Installation, "repositories" | "searched" | "mistakes">,
): string {
  if (repositories.length === 0 && mistakes.length > 0) {
    const full = parseFullReference(text);
    if (full === null)
      throw new Problem(
        "no repository could be read from the configuration, because it has errors: write owner/repo#471",
      );
    return jobIdOf(full);
  }
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
