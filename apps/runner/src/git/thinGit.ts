import { StepFailure } from "@tac8/core/domain/failures";
import { localFailure } from "./errors.ts";
import type { Git } from "./openGit.ts";
import type { GitAnswer } from "./runGit.ts";

/**
 * Git by a function that runs one command. Its errors have the form that `openGit` has: what git wrote, then its exit code.
 * @throws StepFailure of kind `git` or `disk` where git was killed or could not be started, or what `run` throws
 */
export function thinGit(run: (args: readonly string[]) => Promise<GitAnswer>): Git {
  return {
    async raw(args) {
      const { code, bytes, words, said } = await run(args);
      const text = bytes.toString("utf8").trim();
      if (code === 0) return text;
      if (code === undefined) {
        const [first = ""] = said.split("\n");
        throw new StepFailure(localFailure("git gave no answer, it was killed or could not be started", first));
      }
      throw new Error([words, text, `exit code ${code}`].filter((part) => part !== "").join("\n"));
    },
  };
}
