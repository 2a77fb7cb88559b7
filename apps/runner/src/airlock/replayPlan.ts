/** Reason to replay commits on top of others. Every commit is a full sha. */
export type ReplayReason =
  /**
   * Others have pushed to the branch since the workspace was created. After a conflict, the workspace is
   * quarantined.
   */
  | { readonly why: "branch moved"; readonly theirs: string; readonly base: string | null }
  /**
   * An agent ended outside its branch, which has commits of its own. After a conflict, HEAD's commits go to a separate
   * branch.
   */
  | { readonly why: "left its branch"; readonly tip: string }
  /** An agent has removed commits that other contributors had pushed. After a conflict, nothing is pushed. */
  | { readonly why: "rewrote theirs"; readonly theirs: string }
  /**
   * Other contributors pushed to the branch just before tac8. `from`: the last commit that tac8 pushed, or the base. Conflict: nothing
   * is pushed.
   */
  | { readonly why: "overtaken"; readonly theirs: string; readonly from: string }
  /**
   * The pull request was merged while the agent worked. After a squash, the base's history contains none of tac8's commits, so
   * `merged` names the merged head. Conflict: the commits stay as they are, and the pull request shows the conflict.
   */
  | { readonly why: "merged"; readonly merged: string; readonly base: string };

export interface ReplayPlan {
  /** Commits that are reachable from these are not replayed. */
  readonly exclude: readonly string[];
  /** The commit on top of which the others are replayed. */
  readonly onto: string;
}

/** Return which commits are ours, and where they are replayed. Pure. */
export function planReplay(reason: ReplayReason): ReplayPlan {
  switch (reason.why) {
    case "branch moved":
      // Merged commits of the base are not work of this issue.
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
