/** Redis keys beside BullMQ's own. */
export const EVENTS_KEY = "tac8:events";
export const HOLDS_KEY = "tac8:holds";
/** What the breaker is about: JSON, see domain/breaker.ts. */
export const BREAKER_KEY = "tac8:breaker";
export const RUNNERS_KEY = "tac8:runners";
export const SCHEDULER_KEY = "tac8:scheduler";
/** Hash by repository: from when on issues may be added. Missing: Redis is new, or was emptied. */
export const EPOCH_KEY = "tac8:epoch";
/** Pub/sub channel that wakes those who wait for a command; the command itself is in the hash. */
export const COMMANDS_CHANNEL = "tac8:commands";

export function issueKey(jobId: string): string {
  return `tac8:issue:${jobId}`;
}

/** Capped stream of what a run's agent says, shortened. */
export function runStreamKey(runId: string): string {
  return `tac8:run:${runId}`;
}
