import { Worker } from "bullmq";
import type { Redis } from "ioredis";
import { QUEUE_NAME, workerTimes } from "@tac8/core/queue/contract";

/**
 * Return jobs whose runner has died to the queue, regularly. The worker of each runner does this too, but not while it is paused.
 * So the scheduler does it for the case that all hosts are overloaded, or that the only host is dead.
 * @returns a function that ends this
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
