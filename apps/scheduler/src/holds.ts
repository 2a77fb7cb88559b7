import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { isRepositoryHold, planHolds } from "@tac8/core/domain/holds";
import { holdWords } from "@tac8/core/domain/holdWords";
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
  const { pauseQueue, live, expired } = planHolds(await readHolds(redis), now);
  for (const hold of expired) {
    if (await expireHold(redis, hold, "scheduler")) log.info(`hold ${hold.name} ended`);
  }
  const paused = await queue.isPaused();
  if (pauseQueue && !paused) {
    await queue.pause();
    for (const { name, reason } of live.filter((hold) => !isRepositoryHold(hold.name))) {
      log.warn(`the queue is held by ${name}, nothing new starts: ${reason}. ${holdWords(name).advice}`.trim());
    }
  }
  if (!pauseQueue && paused) {
    await queue.resume();
    log.info("the queue goes on");
  }
}
