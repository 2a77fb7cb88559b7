import type { BaseNames } from "./cloneRefs.ts";

/** What is found where an issue's workspace belongs, and what it should be made of. */
export interface WorkspaceSnapshot {
  /** Something is at the worktree's place. */
  readonly treeExists: boolean;
  /** It is a worktree of our thin repository, and git works in it. */
  readonly treeWorks: boolean;
  /** The thin repository is there and git works in it. */
  readonly repositoryWorks: boolean;
  /** Anything at all is at the thin repository's place. */
  readonly repositoryExists: boolean;
  /** There is no commit of its own in the thin repository, and no worktree that has a HEAD: its making was broken off. */
  readonly repositoryEmpty: boolean;
  /** Commit that the workspace is at: HEAD of the worktree, of the one that was lost, else the branch. */
  readonly head: string | null;
  /** Branch on which the work in it was begun; null when unknown. */
  readonly headBranch: string | null;
  /** Nothing but ignored files differs from `head`. */
  readonly clean: boolean;
}

export interface WorkspaceGoal {
  readonly branch: string;
  /** Where a new workspace begins: the branch as GitHub has it, else the base. */
  readonly start: string;
  /** Commit of the base branch, where it is known. */
  readonly base?: string;
  /** Names for the agent's own git, where they are known. */
  readonly names?: BaseNames;
  /** Is `start` GitHub's version of the branch, rather than the base? */
  readonly published: boolean;
}

/**
 * How `head` and `start` lie to each other. `ahead`: the workspace has all of `start`, and more. `left`: it was at `start`
 * before, and its agent went on from elsewhere: nobody's commits are new to it.
 */
export type Relation = "same" | "ahead" | "left" | "behind" | "diverged";

export type WorkspacePlan =
  | { readonly do: "create" }
  | { readonly do: "reuse" }
  /** The worktree is gone, or has to be put aside because of something; its commits are there. */
  | { readonly do: "reattach"; readonly because: string | null }
  /** Somebody pushed to the branch: go on from there. */
  | { readonly do: "forward" }
  /** Somebody's commits are on the branch beside ours: ours go on top of them; where they conflict, as with `replace`. */
  | { readonly do: "rebase"; readonly because: string }
  /** Put what is there aside, where a person finds it, and make a new one. */
  | { readonly do: "replace"; readonly because: string };

/** Where an agent's finished work is, when it is to be published. */
export type FinishedPlan =
  /** In the workspace, as it is. */
  | { readonly do: "use" }
  /** In the thin repository alone: its worktree comes back. */
  | { readonly do: "reattach"; readonly because: string | null }
  | { readonly do: "missing" };

export interface FinishedFacts {
  /** The finished commit; null: it could not be saved, and is in the worktree alone. */
  readonly saved: string | null;
  /** The thin repository has that commit. */
  readonly hasSaved: boolean;
  /** It was done in this data folder: a workspace of another one may be here too, as an earlier round has left it. */
  readonly ours: boolean;
}

export function planFinished(found: WorkspaceSnapshot, { saved, hasSaved, ours }: FinishedFacts): FinishedPlan {
  if (saved !== null && !hasSaved) return { do: "missing" };
  if (found.treeWorks && (ours || (saved !== null && found.head === saved))) return { do: "use" };
  if (!ours || saved === null) return { do: "missing" };
  return { do: "reattach", because: found.treeExists ? "its worktree is damaged" : null };
}

/** Nothing of value is ever removed here: what cannot be gone on with is put aside. */
export function planWorkspace(found: WorkspaceSnapshot, goal: WorkspaceGoal, relation: Relation | null): WorkspacePlan {
  if (!found.treeExists && (!found.repositoryExists || found.repositoryEmpty)) return { do: "create" };
  if (!found.repositoryWorks) return { do: "replace", because: "its repository is damaged" };
  const damaged = found.treeExists && !found.treeWorks ? "its worktree is damaged" : null;
  if (found.head === null || relation === null) {
    return { do: "replace", because: damaged ?? "it has no commit to go on from" };
  }
  if (found.headBranch !== null && found.headBranch !== goal.branch) {
    return { do: "replace", because: `it belongs to the branch ${found.headBranch}` };
  }
  const present: WorkspacePlan = found.treeWorks ? { do: "reuse" } : { do: "reattach", because: damaged };
  switch (relation) {
    case "same":
    case "ahead":
    case "left":
      return present;
    case "behind":
      if (!found.treeWorks) return { do: "replace", because: damaged ?? "the branch on GitHub is newer" };
      if (found.clean) return { do: "forward" };
      // Going on from here would end in a push that takes those commits away again.
      return goal.published
        ? { do: "rebase", because: "it has uncommitted changes, and the branch on GitHub is newer" }
        : present;
    case "diverged":
      // A base that moved on is the normal case; commits of others on our branch are not.
      if (!goal.published) return present;
      return { do: found.treeWorks ? "rebase" : "replace", because: "other commits are on the branch on GitHub" };
    default:
      return relation satisfies never;
  }
}
