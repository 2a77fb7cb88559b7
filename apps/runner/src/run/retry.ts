import { setTimeout as sleep } from "node:timers/promises";
import { StepFailure } from "@tac8/core/domain/failures";
import { GitHubError } from "@tac8/core/github/errors";
import type { IssueAccess } from "./step.ts";

/** An outage shorter than this is waited out in place; a longer one must not fill slots. */
export const RETRY_MS = 60_000;
const DELAYS_MS = [1000, 2000, 4000, 8000, 15_000];

export interface RetryOptions {
  readonly signal: AbortSignal;
  /** Multiplies the waits; config `backoff_factor`. */
  readonly factor: number;
  /** Milliseconds, any origin. */
  readonly now?: () => number;
}

/** The waits of one step for its issue. */
export function patienceOf({ issue, signal }: IssueAccess): RetryOptions {
  return { signal, factor: issue.factor };
}

/**
 * Does it again while GitHub is out of reach, for about a minute: of waits, or of tries that hang. The work must be safe
 * to repeat: it looks before it creates anything. @throws the last error, or the signal's reason.
 */
export async function withRetry<T>(
  work: () => Promise<T>,
  { signal, factor, now = () => performance.now() }: RetryOptions,
): Promise<T> {
  const end = now() + RETRY_MS;
  let waited = 0;
  for (let attempt = 0; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (!isOutage(error)) throw error;
      // The reason of an abort may be an outage as well: `together` ends one task with the failure of another.
      signal.throwIfAborted();
      const delay = DELAYS_MS[Math.min(attempt, DELAYS_MS.length - 1)] ?? 0;
      waited += delay;
      if (waited > RETRY_MS || now() + delay * factor > end) throw error;
      await sleep(delay * factor, undefined, { signal }).catch(() => undefined); // Its own error does not say why.
    }
  }
}

/** GitHub's API, or git over the same network. */
function isOutage(error: unknown): boolean {
  if (error instanceof GitHubError) return error.kind === "unavailable";
  return error instanceof StepFailure && error.failure.kind === "github";
}
