import type { Redis } from "ioredis";
import { announceRunner, idOf, removeRunner, type RunnerPresence } from "@tac8/core/state/presence";

const ANNOUNCE_MS = 5000;

export interface AnnounceOptions {
  /** Borrowed. */
  readonly redis: Redis;
  /** This runner as it is now. */
  readonly look: () => RunnerPresence;
  /** Done each time before it is looked at. */
  readonly before: () => Promise<void>;
  /** Counts what was asked of GitHub since the last time. */
  readonly tally: () => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/** Tells of this runner, the first time before it returns, and then again and again; at its end that it is gone. */
export async function announce({
  redis,
  look,
  before,
  tally,
  onError,
}: AnnounceOptions): Promise<{ close(): Promise<void> }> {
  let telling = false;

  async function tell(): Promise<void> {
    // What Redis has not heard while it was away is old by then, and would pile up here.
    if (telling || redis.status !== "ready") return;
    telling = true;
    try {
      await before();
      await announceRunner(redis, look());
      await tally();
    } catch (error) {
      onError(error);
    } finally {
      telling = false;
    }
  }

  const timer = setInterval(() => void tell(), ANNOUNCE_MS);
  await tell();
  return {
    async close() {
      clearInterval(timer);
      if (redis.status === "ready") await Promise.allSettled([tally(), removeRunner(redis, idOf(look()))]);
    },
  };
}
