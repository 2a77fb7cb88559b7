import type { Redis } from "ioredis";
import { TOTALS_KEY } from "../state/keys.ts";

/** Of one process, since it started. */
export interface CallCounters {
  readonly requests: number;
  readonly notModified: number;
}

/**
 * Makes a function that adds what a process has asked GitHub since the last time to the totals, as `github|requests` and
 * `github|notModified`. What could not be added is added the next time.
 */
export function tallyGitHubCalls(redis: Redis, counters: CallCounters): () => Promise<void> {
  let reported: CallCounters = { requests: 0, notModified: 0 };
  let reporting: Promise<void> = Promise.resolve();

  async function report(): Promise<void> {
    const { requests, notModified } = counters;
    if (requests === reported.requests && notModified === reported.notModified) return;
    const added = redis.multi();
    added.hincrby(TOTALS_KEY, "github|requests", requests - reported.requests);
    added.hincrby(TOTALS_KEY, "github|notModified", notModified - reported.notModified);
    await added.exec();
    reported = { requests, notModified };
  }

  // One after the other: two at a time would add the same twice.
  return () => (reporting = reporting.catch(() => undefined).then(report));
}
