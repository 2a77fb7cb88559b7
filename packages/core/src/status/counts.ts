import type { RecordPart } from "../state/issueState.ts";
import type { JobState } from "./shownState.ts";

/**
 * Return how many attempts of an issue have started: the used ones, and the current one, which is running or waits for a reply to its
 * question. `attemptsMade` is BullMQ's count of ended attempts. A retry resets it to 0.
 */
export function attemptsBegun(
  { state, attemptsMade }: { readonly state: JobState | null; readonly attemptsMade: number },
  record: RecordPart<"state">,
): number {
  return attemptsMade + (isAttemptOpen(state, record) ? 1 : 0);
}

/** Return whether an attempt is in progress: it is running, or continues after a reply to its question. */
export function isAttemptOpen(job: JobState | null, { state }: RecordPart<"state">): boolean {
  return job === "active" || (job === "delayed" && state === "blocked");
}

/** Return the number of agent runs over the whole life of an issue, including the current one: the N of `tac8 view --run N`. */
export function agentRunsOf({
  agent: { runs, runCount: agentRuns },
}: RecordPart<"agent.runs" | "agent.runCount">): number {
  return Math.max(runs?.at(-1)?.n ?? 0, agentRuns);
}
