import { join } from "node:path";
import { replayOnto } from "../airlock/replayOnto.ts";
import { planReplay } from "../airlock/replayPlan.ts";
import { gitStep } from "../git/errors.ts";
import { commitOf, isAncestor } from "../git/openGit.ts";
import { gitIn, inFolder, type AgentPlace } from "../place/place.ts";
import { withoutDrivers } from "./drivers.ts";

export interface BackOptions {
  readonly tree: string;
  readonly gitDir: string;
  readonly place: AgentPlace;
  /** The branch, on which the agent was to work. */
  readonly branch: string;
  /** Where the agent has left HEAD. */
  readonly left: string;
  /** HEAD with what was not committed. */
  readonly head: string;
  /** Part of a branch's name; differs at each call. */
  readonly stamp: string;
}

/** Where an agent was as it ended that has left commits on the branch which HEAD has not. */
export interface Standing {
  /** HEAD, as the agent left it, is an older commit of the branch. */
  readonly isOnOlderCommit: boolean;
  /** A rebase is under way: the branch is as it was before it. */
  readonly rebasing: boolean;
}

/**
 * Pure. An agent that ends, or is ended, while it reads an older commit or rebases has its work on the branch. Elsewhere
 * HEAD is its work: another branch that it made, or a history that it rewrote.
 */
export function isOnBranch({ isOnOlderCommit, rebasing }: Standing): boolean {
  return isOnOlderCommit || rebasing;
}

/**
 * Puts the workspace on its branch where the agent's work is there and HEAD is not; what HEAD has besides comes on top, and
 * where that conflicts, to a branch beside it. @returns the commit that HEAD is at, and the branch beside it, if any.
 */
export async function backToBranch(
  options: BackOptions,
): Promise<{ readonly head: string; readonly quarantined: string | null }> {
  const { tree, gitDir, branch, left, head, stamp } = options;
  const place = await withoutDrivers(options.place, options);
  const git = gitIn(place, tree);
  const tip = await commitOf(git, `refs/heads/${branch}`);
  if (tip === null || (await isAncestor(git, tip, head))) return { head, quarantined: null };
  const isOnOlderCommit = await isAncestor(git, left, tip);
  const rebasing = await isRebasing(options);
  if (!isOnBranch({ isOnOlderCommit, rebasing })) return { head, quarantined: null };
  const replayed = await replayOnto({
    git: inFolder(place, gitDir),
    head,
    ...planReplay({ why: "left its branch", tip }),
  });
  const onTop = replayed.kind === "head" ? replayed.head : null;
  const quarantined = onTop === null ? `${branch}.aside-${stamp}` : null;
  await gitStep("going back to the branch", async () => {
    if (quarantined !== null) await git.raw(["branch", "--force", quarantined, head]);
    await git.raw(["checkout", "--quiet", "--force", "--ignore-other-worktrees", "-B", branch, onTop ?? tip]);
    // Last: without it, who repeats a checkout that failed would take HEAD for the work.
    if (rebasing) await git.raw(["rebase", "--quit"]);
  });
  return { head: onTop ?? tip, quarantined };
}

async function isRebasing({ tree, place }: BackOptions): Promise<boolean> {
  const own = await gitIn(place, tree).raw(["rev-parse", "--path-format=absolute", "--git-dir"]);
  const has = (name: string): Promise<boolean> => place.exists(join(own, name));
  if (await has("rebase-merge")) return true;
  return (await has("rebase-apply")) && !(await has("rebase-apply/applying")); // That is `git am`.
}
