import { parseJobId } from "@tac8/core/domain/reference";
import { QUEUE_NAME } from "@tac8/core/queue/contract";

/**
 * What a user may do in Bull Board without `board.allow_destructive`: let a job run again or sooner, which loses
 * nothing. Priorities, data and pauses are the scheduler's, from labels and holds; it would undo them, or be misled.
 */
export type SafeAction =
  { readonly action: "retry" | "promote"; readonly jobId: string } | { readonly action: "retry-all-failed" };

const ONE_JOB = new RegExp(`^/api/queues/${QUEUE_NAME}/([^/]{1,300})/(retry|promote)$`);
const ALL_FAILED = `/api/queues/${QUEUE_NAME}/retry/failed`;

/**
 * The safe action that a request to this path (below `/queues`, as it came) asks for; null for everything else. Only
 * ids of ours count as jobs: `…/clean/retry` is Bull Board's route for removing all jobs of a state.
 */
export function safeActionOf(method: string, path: string): SafeAction | null {
  if (method !== "PUT") return null;
  if (path === ALL_FAILED) return { action: "retry-all-failed" };
  const match = ONE_JOB.exec(path);
  const jobId = decode(match?.[1] ?? "");
  return parseJobId(jobId) === null ? null : { action: match?.[2] === "retry" ? "retry" : "promote", jobId };
}

/** The same rule by Bull Board's own names of its routes. */
export function isSafeRoute({ method, route }: { method: string; route: string }): boolean {
  return method === "get" || SAFE_ROUTES.includes(route);
}

const SAFE_ROUTES = [
  "/api/queues/:queueName/:jobId/retry",
  "/api/queues/:queueName/:jobId/promote",
  "/api/queues/:queueName/retry/:queueStatus",
];

export const REFUSAL = "Disabled. To enable this action, set allow_destructive = true under [board] in config.toml.";

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return ""; // Half an escape: no id of ours.
  }
}
