import { Worker } from "bullmq";
import type { Redis } from "ioredis";
import { QUEUE_NAME, workerTimes } from "@tac8/core/queue/contract";

/**
 * Puts jobs whose runner has died back into the queue. Each runner's worker does that too, but not while it is paused: where
 * all hosts are overloaded, or the only one is dead, nobody else would. @returns a function that ends it.
 */
export async function rescueStalled(options: {
  /** Borrowed. */
  readonly redis: Redis;
  readonly lockSeconds: number;
  readonly onError: (error: Error) => void;
}): Promise<() => Promise<void>> {
  const { redis, lockSeconds, onError } = options;
  const worker = new Worker(QUEUE_NAME, null, { connection: redis, autorun: false, ...workerTimes(lockSeconds) });
  worker.on("error", onError);
  await worker.startStalledCheckTimer();
  return () => worker.close();
}
