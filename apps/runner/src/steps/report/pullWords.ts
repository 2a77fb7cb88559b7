import { formatUsage, NO_USAGE } from "@tac8/core/domain/usage";
import type { RecordPart } from "@tac8/core/state/issueState";

type Finished = RecordPart<"pull.number" | "pull.headBefore" | "branch.head" | "work.isAnswer" | "agent.usage">;

/** Return whether the round ended with a pull request that was open before. A pull request is counted once, however many rounds it has. */
export function isAnotherRound({ pull: { headBefore: prBefore } }: RecordPart<"pull.headBefore">): boolean {
  return prBefore !== null;
}

/** Return what happened to the pull request in this round, on one line, for the event log. */
export function pullWords(finished: Finished): string {
  const { number: prNumber, headBefore: prBefore } = finished.pull;
  const headSha = finished.branch.head;
  const hasAnswer = finished.work.isAnswer;
  const { usage } = finished.agent;
  const change = headSha === prBefore || hasAnswer !== null ? " unchanged" : " updated";
  const what = isAnotherRound(finished) ? change : "";
  return `pull request #${prNumber ?? "?"}${what} after ${formatUsage(usage ?? NO_USAGE)}`;
}
