import type { Redis } from "ioredis";
import { TOTALS_KEY } from "../state/keys.ts";

/** Counters of one process since it started. */
export interface CallCounters {
  readonly requests: number;
  readonly notModified: number;
}

/**
 * Return a function that adds this process's requests to GitHub since the last call to the totals, as `github|requests` and
 * `github|notModified`. If that fails, the next call adds them.
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

  // Run calls one after the other, because two at the same time would add the same requests twice.
  return () => (reporting = reporting.catch(() => undefined).then(report));
}
