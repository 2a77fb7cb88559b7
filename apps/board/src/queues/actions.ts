import { parseJobId } from "@tac8/core/domain/reference";
import { QUEUE_NAME } from "@tac8/core/queue/contract";

/**
 * An action that a user may start in Bull Board without `board.allow_destructive`: run a job again or sooner, which loses no data.
 * The scheduler sets priorities, data and pauses from labels and holds. It would undo changes of them, or act on wrong data.
 */
export type SafeAction =
  { readonly action: "retry" | "promote"; readonly jobId: string } | { readonly action: "retry-all-failed" };

const ONE_JOB = new RegExp(`^/api/queues/${QUEUE_NAME}/([^/]{1,300})/(retry|promote)$`);
const ALL_FAILED = `/api/queues/${QUEUE_NAME}/retry/failed`;

/**
 * Return the safe action that a request to this path requests; null: any other request. The path is undecoded and relative to
 * `/queues`. Only ids of tac8's jobs are accepted, because `…/clean/retry` is Bull Board's route that removes all jobs of a state.
 */
export function safeActionOf(method: string, path: string): SafeAction | null {
  if (method !== "PUT") return null;
  if (path === ALL_FAILED) return { action: "retry-all-failed" };
  const match = ONE_JOB.exec(path);
  const jobId = decode(match?.[1] ?? "");
  return parseJobId(jobId) === null ? null : { action: match?.[2] === "retry" ? "retry" : "promote", jobId };
}

/** The same rule for Bull Board's names of its routes. */
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
    return ""; // An incomplete escape, so not the id of a job.
  }
}
