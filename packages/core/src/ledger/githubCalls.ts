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
  let told: CallCounters = { requests: 0, notModified: 0 };
  let telling: Promise<void> = Promise.resolve();

  async function tell(): Promise<void> {
    const { requests, notModified } = counters;
    if (requests === told.requests && notModified === told.notModified) return;
    const added = redis.multi();
    added.hincrby(TOTALS_KEY, "github|requests", requests - told.requests);
    added.hincrby(TOTALS_KEY, "github|notModified", notModified - told.notModified);
    await added.exec();
    told = { requests, notModified };
  }

  // One after the other: two at a time would add the same twice.
  return () => (telling = telling.catch(() => undefined).then(tell));
}
