import type { BaseNames } from "./cloneRefs.ts";

/** The state of an issue's workspace folder and of its thin repository. */
export interface WorkspaceSnapshot {
  /** The path of the worktree exists. */
  readonly treeExists: boolean;
  /** The path is a worktree of the thin repository, and git works in it. */
  readonly treeWorks: boolean;
  /** The thin repository exists, and git works in it. */
  readonly repositoryWorks: boolean;
  /** The path of the thin repository exists. */
  readonly repositoryExists: boolean;
  /** The thin repository has neither a commit of its own nor a worktree with a HEAD, because its creation was interrupted. */
  readonly repositoryEmpty: boolean;
  /** Commit of the workspace: HEAD of the worktree, or the HEAD that git has stored for a missing worktree; otherwise the head of the branch. */
  readonly head: string | null;
  /** Branch on which the work in the workspace began; null if unknown. */
  readonly headBranch: string | null;
  /** Only ignored files differ from `head`. */
  readonly clean: boolean;
}

export interface WorkspaceGoal {
  readonly branch: string;
  /** Start commit of a new workspace: the head of the branch on GitHub, otherwise the base commit. */
  readonly start: string;
  /** Commit of the base branch, if it is known. */
  readonly base?: string;
  /** Names of the base branch and the default branch for the agent's own git, if they are known. */
  readonly baseNames?: BaseNames;
  /** Whether the branch is on GitHub, so that `start` is its head there. */
  readonly isBranchOnGitHub: boolean;
}

/**
 * Relation of `head` to `start`. `ahead`: the workspace has all of `start` and more. `moved-off`: the workspace was at `start` before, and
 * its agent continued from another commit, so `start` has no commits of other contributors.
 */
export type Relation = "same" | "ahead" | "moved-off" | "behind" | "diverged";

export type WorkspacePlan =
  | { readonly do: "create" }
  | { readonly do: "reuse" }
  /** The worktree is missing or has to be quarantined, but its commits exist. */
  | { readonly do: "reattach"; readonly because: string | null }
  /** The workspace has no work that `start` lacks: continue from `start`, which has newer commits. */
  | { readonly do: "forward" }
  /** The branch on GitHub has other commits. The workspace's commits are replayed on top of them. If they conflict, the plan is `replace`. */
  | { readonly do: "replay"; readonly because: string }
  /** Quarantine the existing workspace for the operator, and create a new one. */
  | { readonly do: "replace"; readonly because: string };

/** Location of an agent's finished work that is to be published. */
export type FinishedPlan =
  /** The work is in the workspace. */
  | { readonly do: "use" }
  /** The work is only in the thin repository, so the worktree is restored. */
  | { readonly do: "reattach"; readonly because: string | null }
  | { readonly do: "missing" };

export interface FinishedFacts {
  /** The finished commit; null: the work could not be saved, and is only in the worktree. */
  readonly saved: string | null;
  /** The thin repository has that commit. */
  readonly hasSaved: boolean;
  /** The work was done in this data folder. Otherwise, a workspace in this folder is from an earlier round. */
  readonly isFromThisDataFolder: boolean;
}

/** Plan the repair of a workspace with an agent's finished work, for restoreFinishedWork.ts. Pure. */
export function planFinished(
  snapshot: WorkspaceSnapshot,
  { saved, hasSaved, isFromThisDataFolder }: FinishedFacts,
): FinishedPlan {
  if (saved !== null && !hasSaved) return { do: "missing" };
  if (snapshot.treeWorks && (isFromThisDataFolder || (saved !== null && snapshot.head === saved))) return { do: "use" };
  if (!isFromThisDataFolder || saved === null) return { do: "missing" };
  return { do: "reattach", because: snapshot.treeExists ? "its worktree is damaged" : null };
}

/** Decide what to do with a workspace. Nothing of value is removed: a workspace that cannot be used is quarantined. Pure. */
export function planWorkspace(
  snapshot: WorkspaceSnapshot,
  goal: WorkspaceGoal,
  relation: Relation | null,
): WorkspacePlan {
  if (!snapshot.treeExists && (!snapshot.repositoryExists || snapshot.repositoryEmpty)) return { do: "create" };
  if (!snapshot.repositoryWorks) return { do: "replace", because: "its repository is damaged" };
  const damaged = snapshot.treeExists && !snapshot.treeWorks ? "its worktree is damaged" : null;
  if (snapshot.head === null || relation === null) {
    return { do: "replace", because: damaged ?? "it has no commit from which work could continue" };
  }
  if (snapshot.headBranch !== null && snapshot.headBranch !== goal.branch) {
    return { do: "replace", because: `it belongs to the branch ${snapshot.headBranch}` };
  }
  const present: WorkspacePlan = snapshot.treeWorks ? { do: "reuse" } : { do: "reattach", because: damaged };
  switch (relation) {
    case "same":
    case "ahead":
    case "moved-off":
      return present;
    case "behind":
      if (!snapshot.treeWorks) return { do: "replace", because: damaged ?? "the branch on GitHub is newer" };
      if (snapshot.clean) return { do: "forward" };
      // If work continued from `head`, the push would remove the newer commits from the branch on GitHub.
      return goal.isBranchOnGitHub
        ? { do: "replay", because: "it has uncommitted changes, and the branch on GitHub is newer" }
        : present;
    case "diverged":
      // New commits only on the base are usual, and the work continues without them. But commits of other contributors on the issue's
      // branch must be included, because the push would otherwise remove them.
      if (!goal.isBranchOnGitHub) return present;
      return { do: snapshot.treeWorks ? "replay" : "replace", because: "other commits are on the branch on GitHub" };
    default:
      return relation satisfies never;
  }
}
