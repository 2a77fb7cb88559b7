import type { Pull } from "@tac8/core/github/types";
import { branchName } from "../airlock/pushScope.ts";

export interface BranchChoice {
  readonly branch: string;
  /** The open pull request of it, when there is one. */
  readonly pull: Pull | null;
}

const MAX_ROUNDS = 50;

/**
 * The first branch that is still good: with an open pull request, or with none at all. A closed or merged one is
 * history, and never opened again.
 */
export async function chooseBranch(
  number: number,
  pullsOf: (branch: string) => Promise<Pull[]>,
): Promise<BranchChoice> {
  for (let round = 1; round <= MAX_ROUNDS; round += 1) {
    const branch = branchName(number, round);
    const pulls = await pullsOf(branch);
    const open = pulls.find((pull) => pull.state === "open") ?? null;
    if (open !== null || pulls.length === 0) return { branch, pull: open };
  }
  throw new Error(`issue ${number} has had ${MAX_ROUNDS} pull requests: this needs a person`);
}
