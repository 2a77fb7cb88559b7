import { StepFailure } from "@tac8/core/domain/failures";
import { localFailure } from "./errors.ts";
import { GitRefusal } from "./gitRefusal.ts";
import type { Git } from "./openGit.ts";
import type { GitAnswer } from "./runGit.ts";

/**
 * Return git that uses a function to run one command. Its errors have git's message, or its exit code if there is none.
 * @throws StepFailure of kind `git` or `disk` if git was killed or could not be started, or the error of `run`
 */
export function gitFromRun(run: (args: readonly string[]) => Promise<GitAnswer>): Git {
  return {
    async raw(args) {
      const { code, bytes, stderr, errorText } = await run(args);
      const text = bytes.toString("utf8").trim();
      if (code === 0) return text;
      if (code === undefined) {
        const [first = ""] = errorText.split("\n");
        throw new StepFailure(localFailure("git was killed, could not be started or printed too much", first));
      }
      throw new GitRefusal([text, stderr].filter((part) => part !== "").join("\n") || `exit code ${code}`);
    },
  };
}
