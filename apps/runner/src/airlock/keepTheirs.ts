import { StepFailure } from "@tac8/core/domain/failures";
import { cleanGit, runCleanGitIn, type CleanSide } from "../git/cleanSide.ts";
import { isAncestor } from "../git/openGit.ts";
import { replayOnto } from "./replayOnto.ts";
import { planReplay } from "./replayPlan.ts";

export interface KeepTheirsOptions {
  readonly clean: CleanSide;
  /** Repository on the clean side that has both commits. */
  readonly dir: string;
  readonly branch: string;
  readonly head: string;
  /** The newest commit of another contributor on the branch; null if there is none. */
  readonly theirs: string | null;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Keep the commits of other contributors, which an agent removes if it rewrites its branch. @returns the head itself,
 * or its commits replayed on top of theirs. @throws StepFailure of kind `refused` if they conflict.
 */
export async function keepTheirs({ clean, dir, branch, head, theirs, signal }: KeepTheirsOptions): Promise<string> {
  if (theirs === null || (await isAncestor(cleanGit(clean, dir, { signal }), theirs, head))) return head;
  const plan = planReplay({ why: "rewrote theirs", theirs });
  const replayed = await replayOnto({ git: runCleanGitIn(clean, dir, { signal }), head, ...plan });
  if (replayed.kind === "head") return replayed.head;
  const message = `the agent rewrote the branch ${branch} without ${theirs.slice(0, 7)}, which another contributor had pushed to it, and the agent's commits conflict with that commit. Nothing was overwritten, and the agent's work is kept in its workspace`;
  throw new StepFailure({ kind: "refused", message });
}
