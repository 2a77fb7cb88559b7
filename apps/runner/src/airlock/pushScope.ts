import { clip } from "@tac8/core/domain/plainText";
import { DEFAULT_BRANCH_PATTERN, isOfPattern } from "@tac8/core/domain/branchPattern";
import { StepFailure } from "@tac8/core/domain/failures";

/**
 * Branches that a run may push to: from the job, the configuration and GitHub, never from the issue's record, which
 * agents can write.
 */
export interface PushScope {
  /** Number of the issue that the run is for. */
  readonly issue: number;
  /** Config `branch`. */
  readonly pattern: string;
  /** Base branch of the pull request. */
  readonly base: string;
  readonly defaultBranch: string;
}

type Naming = Pick<PushScope, "issue" | "pattern">;

/**
 * Return whether tac8 gives this name to branches of the issue: by the configured pattern, or by the default one for
 * older pull requests.
 */
export function isBranchOf({ issue, pattern }: Naming, branch: string): boolean {
  return [pattern, DEFAULT_BRANCH_PATTERN].some((each) => isOfPattern(each, { issue, branch }));
}

/** Return why a run must not publish to a branch, and what to do; null if the branch is the issue's own. Pure. */
export function whyOutOfScope(branch: string, { issue, pattern, base, defaultBranch }: PushScope): string | null {
  if (!isBranchOf({ issue, pattern }, branch)) {
    return `it is not a branch of issue ${issue}; another program changed the state in Redis, so check what can reach it`;
  }
  if (branch !== base && branch !== defaultBranch) return null;
  return `it is the repository's ${branch === defaultBranch ? "default" : "base"} branch, so rename it or change github.branch`;
}

/** @throws StepFailure of kind `refused`, because a retry would be refused too. */
export function assertInScope(branch: string, scope: PushScope): void {
  const why = whyOutOfScope(branch, scope);
  if (why === null) return;
  const name = JSON.stringify(clip(branch, 100));
  const message = `refused to publish to the branch ${name}: ${why}. Nothing was pushed, and the workspace is kept`;
  throw new StepFailure({ kind: "refused", message });
}
