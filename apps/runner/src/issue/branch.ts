import type { Pull } from "@tac8/core/github/types";
import { branchOf, DEFAULT_BRANCH_PATTERN } from "@tac8/core/domain/branchPattern";

export interface BranchChoice {
  readonly branch: string;
  /** The open pull request of the branch, if there is one. */
  readonly pull: Pull | null;
}

const MAX_ROUNDS = 50;

/**
 * Choose the first usable branch: one with an open pull request, or with none at all. A closed or merged pull request
 * is never reopened. An open pull request of the default pattern, from before another pattern was configured, keeps its
 * branch; other former patterns are not known any longer.
 */
export async function chooseBranch(
  { issue, pattern }: { issue: number; pattern: string },
  pullsOf: (branch: string) => Promise<Pull[]>,
): Promise<BranchChoice> {
  const chosen = await firstGood({ issue, pattern }, pullsOf);
  if (pattern === DEFAULT_BRANCH_PATTERN || chosen.pull !== null) return chosen;
  const older = await firstGood({ issue, pattern: DEFAULT_BRANCH_PATTERN }, pullsOf);
  return older.pull === null ? chosen : older;
}

async function firstGood(
  { issue, pattern }: { issue: number; pattern: string },
  pullsOf: (branch: string) => Promise<Pull[]>,
): Promise<BranchChoice> {
  for (let round = 1; round <= MAX_ROUNDS; round += 1) {
    const branch = branchOf(pattern, { issue, round });
    const pulls = await pullsOf(branch);
    const open = pulls.find((pull) => pull.state === "open") ?? null;
    if (open !== null || pulls.length === 0) return { branch, pull: open };
  }
  throw new Error(
    `issue ${issue} has already had ${MAX_ROUNDS} pull requests: a maintainer must decide how to continue`,
  );
}
