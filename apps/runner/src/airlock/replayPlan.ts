/** Why commits go on top of others. Every commit is a full name. */
export type ReplayReason =
  /** Others have pushed to the branch since the workspace was at it. A conflict: the workspace is put aside. */
  | { readonly why: "branch moved"; readonly theirs: string; readonly base: string | null }
  /** An agent has ended beside its branch, which has commits of its own. A conflict: HEAD's go to a branch beside it. */
  | { readonly why: "left its branch"; readonly tip: string }
  /** An agent has taken out commits that others had pushed. A conflict: nothing is pushed. */
  | { readonly why: "rewrote theirs"; readonly theirs: string }
  /** Others have pushed to the branch just before us. `from`: what we last pushed, or the base. A conflict: nothing is pushed. */
  | { readonly why: "overtaken"; readonly theirs: string; readonly from: string }
  /**
   * The pull request was merged while the agent worked: after a squash nothing of ours is in the base's history, so what was
   * merged is named. A conflict: the commits stay as they are, and the pull request shows it.
   */
  | { readonly why: "merged"; readonly merged: string; readonly base: string };

export interface ReplayPlan {
  /** Commits of these are not made again. */
  readonly exclude: readonly string[];
  /** The newest commit of others. */
  readonly onto: string;
}

/** Which commits are ours, and what they go on top of. Pure. */
export function planReplay(reason: ReplayReason): ReplayPlan {
  switch (reason.why) {
    case "branch moved":
      // Merges of the base are not work of this issue.
      return { exclude: [reason.theirs, ...(reason.base === null ? [] : [reason.base])], onto: reason.theirs };
    case "left its branch":
      return { exclude: [reason.tip], onto: reason.tip };
    case "rewrote theirs":
      return { exclude: [reason.theirs], onto: reason.theirs };
    case "overtaken":
      return { exclude: [reason.from], onto: reason.theirs };
    case "merged":
      return { exclude: [reason.merged], onto: reason.base };
    default:
      return reason satisfies never;
  }
}
