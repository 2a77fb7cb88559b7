import { setTimeout as sleep } from "node:timers/promises";
import { StepFailure } from "@tac8/core/domain/failures";
import { GitHubError } from "@tac8/core/github/errors";
import type { IssueAccess } from "./step.ts";

/** A run waits in its slot for the end of an outage that is shorter than this. Longer outages must not fill slots. */
export const RETRY_MS = 60_000;
const DELAYS_MS = [1000, 2000, 4000, 8000, 15_000];

export interface RetryOptions {
  readonly signal: AbortSignal;
  /** Factor of all waits; config `backoff_factor`. */
  readonly backoffFactor: number;
  /** Clock in milliseconds, with any origin. */
  readonly now?: () => number;
}

/** Return the retry options of a step. */
export function retryOptionsOf({ issue, signal }: IssueAccess): RetryOptions {
  return { signal, backoffFactor: issue.backoffFactor };
}

/**
 * Retry while GitHub is unreachable, for about a minute of waits or of tries that hang. The work must be safe to repeat: it checks
 * what exists before it creates anything. @throws the last error, or the signal's reason
 */
export async function withRetry<T>(
  work: () => Promise<T>,
  { signal, backoffFactor, now = () => performance.now() }: RetryOptions,
): Promise<T> {
  const end = now() + RETRY_MS;
  let waited = 0;
  for (let attempt = 0; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (!isOutage(error)) throw error;
      // The abort's reason may be an outage, because `together` ends one task with the failure of another.
      signal.throwIfAborted();
      const delay = DELAYS_MS[Math.min(attempt, DELAYS_MS.length - 1)] ?? 0;
      waited += delay;
      if (waited > RETRY_MS || now() + delay * backoffFactor > end) throw error;
      await sleep(delay * backoffFactor, undefined, { signal }).catch(() => undefined); // The error of the abort does not have the signal's reason.
    }
  }
}

/** Return whether an error means that GitHub's API, or git on GitHub, is unreachable. */
function isOutage(error: unknown): boolean {
  if (error instanceof GitHubError) return error.kind === "unavailable";
  return error instanceof StepFailure && error.failure.kind === "github";
}
