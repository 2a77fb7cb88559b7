import type { RecordPart } from "../state/issueState.ts";
import type { JobState } from "./shownState.ts";

/**
 * Return how many attempts of an issue have begun: those that are used up, and the one that works or waits for an answer to its
 * question. `attemptsMade` is BullMQ's count of attempts that came to an end. A retry begins again at 0.
 */
export function attemptsBegun(
  { state, attemptsMade }: { readonly state: JobState | null; readonly attemptsMade: number },
  issue: RecordPart<"state">,
): number {
  return attemptsMade + (isAttemptOpen(state, issue) ? 1 : 0);
}

/** An attempt that asks a question continues when the answer is there. */
export function isAttemptOpen(job: JobState | null, { state }: RecordPart<"state">): boolean {
  return job === "active" || (job === "delayed" && state === "blocked");
}

/** Return how many runs with an agent an issue has had in its whole life, the live one included: `tac8 view --run N` is one of them. */
export function agentRunsOf({
  agent: { runs, runCount: agentRuns },
}: RecordPart<"agent.runs" | "agent.runCount">): number {
  return Math.max(runs?.at(-1)?.n ?? 0, agentRuns);
}
