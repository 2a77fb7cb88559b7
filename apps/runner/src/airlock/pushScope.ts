import { clip } from "@tac8/core/conversation/shorten";
import { StepFailure } from "@tac8/core/domain/failures";

/** Branches that a run may push to. From the job, the configuration and GitHub: never from the issue's hash, which agents can write. */
export interface PushScope {
  /** Number of the issue that the run is for. */
  readonly issue: number;
  /** Branch that the pull request goes to. */
  readonly base: string;
  readonly defaultBranch: string;
}

/** Return the name of an issue's branch: `auto/gh-471`, then `auto/gh-471-2` and so on. */
export function branchName(issue: number, round: number): string {
  return `auto/gh-${issue}${round === 1 ? "" : `-${round}`}`;
}

/** Return whether this is a name that tac8 gives to branches of the issue. */
export function isBranchOf(issue: number, branch: string): boolean {
  const suffix = branch.slice(branchName(issue, 1).length + 1);
  const round = suffix === "" ? 1 : Number(suffix);
  return Number.isSafeInteger(round) && round >= 1 && branch === branchName(issue, round);
}

/** Return why a run must not publish to a branch, and what to do; null: the branch is the issue's own. Pure. */
export function whyOutOfScope(branch: string, { issue, base, defaultBranch }: PushScope): string | null {
  if (!isBranchOf(issue, branch)) {
    return `it is not a branch of issue ${issue}; another program changed the state in Redis, so check what can reach it`;
  }
  if (branch !== base && branch !== defaultBranch) return null;
  return `it is the repository's ${branch === defaultBranch ? "default" : "base"} branch, so rename it`;
}

/** @throws StepFailure of kind `refused`, because a second push would be refused too. */
export function assertInScope(branch: string, scope: PushScope): void {
  const why = whyOutOfScope(branch, scope);
  if (why === null) return;
  const name = JSON.stringify(clip(branch, 100));
  const message = `refused to publish to the branch ${name}: ${why}. Nothing was pushed, and the workspace is kept`;
  throw new StepFailure({ kind: "refused", message });
}
