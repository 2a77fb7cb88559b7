import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { planHolds } from "@tac8/core/domain/holds";
import type { Logger } from "@tac8/core/log/logger";
import { expireHold, readHolds } from "@tac8/core/state/holds";

/** The queue is paused exactly while a hold exists that concerns all of it. */
export async function reconcileHolds({
  redis,
  queue,
  log,
  now,
}: {
  redis: Redis;
  queue: Queue;
  log: Logger;
  now: number;
}): Promise<void> {
  const { pauseQueue, expired } = planHolds(await readHolds(redis), now);
  for (const hold of expired) {
    if (await expireHold(redis, hold, "scheduler")) log.info(`hold ${hold.name} ended`);
  }
  const paused = await queue.isPaused();
  if (pauseQueue && !paused) {
    await queue.pause();
    log.warn("the queue is held: nothing new starts");
  }
  if (!pauseQueue && paused) {
    await queue.resume();
    log.info("the queue goes on");
  }
}
