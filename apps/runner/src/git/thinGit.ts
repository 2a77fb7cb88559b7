import { StepFailure } from "@tac8/core/domain/failures";
import { localFailure } from "./errors.ts";
import type { Git } from "./openGit.ts";
import type { GitAnswer } from "./runGit.ts";

/**
 * Git by a function that runs one command. Its errors have git's words; its exit code where it says nothing.
 * @throws StepFailure of kind `git` or `disk` where git was killed or could not be started, or what `run` throws
 */
export function thinGit(run: (args: readonly string[]) => Promise<GitAnswer>): Git {
  return {
    async raw(args) {
      const { code, bytes, words, errorText } = await run(args);
      const text = bytes.toString("utf8").trim();
      if (code === 0) return text;
      if (code === undefined) {
        const [first = ""] = errorText.split("\n");
        throw new StepFailure(
          localFailure("git gave no answer: it was killed, could not be started or said too much", first),
        );
      }
      throw new Error([text, words].filter((part) => part !== "").join("\n") || `exit code ${code}`);
    },
  };
}
