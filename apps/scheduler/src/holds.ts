import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { planAdmission } from "@tac8/core/domain/admission";
import { isRepositoryHold, planHolds } from "@tac8/core/domain/holds";
import { holdWords } from "@tac8/core/domain/holdWords";
import type { Logger } from "@tac8/core/log/logger";
import { expireHold, readHolds } from "@tac8/core/state/holds";

/**
 * Remove expired holds, and pause the queue exactly while its admission is closed. Half admission does not pause the queue: the
 * breaker limits the queue, and each runner limits itself.
 */
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
  const { live, expired } = planHolds(await readHolds(redis), now);
  for (const hold of expired) {
    if (await expireHold(redis, hold, "scheduler")) log.info(`hold ${hold.name} ended`);
  }
  const admission = planAdmission({ queue: { holds: live, probing: false }, runner: null, reasons: [] });
  const isClosed = admission.state === "closed";
  const paused = await queue.isPaused();
  if (isClosed && !paused) {
    await queue.pause();
    for (const { name, reason } of live.filter((hold) => !isRepositoryHold(hold.name))) {
      log.warn(`the queue is held by ${name}, no new jobs start: ${reason}. ${holdWords(name).advice}`.trim());
    }
  }
  if (!isClosed && paused) {
    await queue.resume();
    log.info("the queue is resumed");
  }
}
