import { formatUsage, NO_USAGE } from "@tac8/core/domain/usage";
import type { IssueFields } from "@tac8/core/state/issueState";

type Finished = Pick<IssueFields, "prNumber" | "prBefore" | "headSha" | "hasAnswer" | "usage">;

/** Whether the round ended with a pull request that was open before it. It is counted once, however many rounds it has. */
export function isAnotherRound({ prBefore }: Pick<Finished, "prBefore">): boolean {
  return prBefore !== null;
}

/** Return what happened to the pull request in this round, on one line, for the event log. */
export function pullWords(finished: Finished): string {
  const { prNumber, prBefore, headSha, hasAnswer, usage } = finished;
  const change = headSha === prBefore || hasAnswer !== null ? " unchanged" : " updated";
  const what = isAnotherRound(finished) ? change : "";
  return `pull request #${prNumber ?? "?"}${what} after ${formatUsage(usage ?? NO_USAGE)}`;
}
