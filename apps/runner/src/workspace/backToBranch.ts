import { join } from "node:path";
import { replayOnto } from "../airlock/replayOnto.ts";
import { planReplay } from "../airlock/replayPlan.ts";
import { gitStep } from "../git/errors.ts";
import { commitOf, isAncestor } from "../git/openGit.ts";
import { gitIn, runGitIn, type AgentPlace } from "../agentPlace/place.ts";
import { withoutGitDrivers } from "./gitDrivers.ts";

export interface BackOptions {
  readonly tree: string;
  readonly gitDir: string;
  readonly place: AgentPlace;
  /** The branch, on which the agent should work. */
  readonly branch: string;
  /** HEAD as the agent left it. */
  readonly headOfAgent: string;
  /** HEAD after uncommitted changes were committed. */
  readonly head: string;
  /** Part of the name of a separate branch. It differs at each call. */
  readonly quarantineSuffix: string;
}

/** State of a workspace whose branch has commits that HEAD does not have. */
export interface BranchState {
  /** HEAD, as the agent left it, is an older commit of the branch. */
  readonly isOnOlderCommit: boolean;
  /** A rebase is in progress, and has not changed the branch yet. */
  readonly rebasing: boolean;
}

/**
 * Return whether the agent's work is on the branch: the agent ended while it was reading an older commit or rebasing. Otherwise HEAD
 * is its work, on a branch that it created or in a history that it rewrote. Pure.
 */
export function isOnBranch({ isOnOlderCommit, rebasing }: BranchState): boolean {
  return isOnOlderCommit || rebasing;
}

/**
 * Return the workspace to its branch if the agent's work is there and HEAD is elsewhere. Additional commits of HEAD are put on top of
 * the branch, or on a separate branch if they conflict. @returns the commit of HEAD, and the separate branch if there is one
 */
export async function backToBranch(
  options: BackOptions,
): Promise<{ readonly head: string; readonly quarantined: string | null }> {
  const { tree, gitDir, branch, headOfAgent, head, quarantineSuffix } = options;
  const place = await withoutGitDrivers(options.place, options);
  const git = gitIn(place, tree);
  const tip = await commitOf(git, `refs/heads/${branch}`);
  if (tip === null || (await isAncestor(git, tip, head))) return { head, quarantined: null };
  const isOnOlderCommit = await isAncestor(git, headOfAgent, tip);
  const rebasing = await isRebasing(options);
  if (!isOnBranch({ isOnOlderCommit, rebasing })) return { head, quarantined: null };
  const replayed = await replayOnto({
    git: runGitIn(place, gitDir),
    head,
    ...planReplay({ why: "left its branch", tip }),
  });
  const onTop = replayed.kind === "head" ? replayed.head : null;
  const quarantined = onTop === null ? `${branch}.aside-${quarantineSuffix}` : null;
  await gitStep("going back to the branch", async () => {
    if (quarantined !== null) await git.raw(["branch", "--force", quarantined, head]);
    await git.raw(["checkout", "--quiet", "--force", "--ignore-other-worktrees", "-B", branch, onTop ?? tip]);
    // The rebase is ended last. Otherwise, after a failed checkout, the next try would take HEAD for the work.
    if (rebasing) await git.raw(["rebase", "--quit"]);
  });
  return { head: onTop ?? tip, quarantined };
}

async function isRebasing({ tree, place }: BackOptions): Promise<boolean> {
  const own = await gitIn(place, tree).raw(["rev-parse", "--path-format=absolute", "--git-dir"]);
  const has = (name: string): Promise<boolean> => place.exists(join(own, name));
  if (await has("rebase-merge")) return true;
  return (await has("rebase-apply")) && !(await has("rebase-apply/applying")); // `applying` is from `git am`.
}
