import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import type { Logger } from "@tac8/core/log/logger";
import { planHolds } from "@tac8/core/domain/holds";
import { wakeJobsOfEndedHolds } from "@tac8/core/queue/wake";
import { readHolds } from "@tac8/core/state/holds";

/** All borrowed. */
export interface WakeServices {
  readonly redis: Redis;
  readonly queue: Queue;
  readonly log: Logger;
  readonly now: () => number;
}

/** Maximum time between two checks, because a job may be parked for a hold that ended at the same moment. */
const AT_LATEST_MS = 30_000;

/**
 * Return a function that wakes the jobs whose hold ended, if the holds have changed since its last call, and every 30 s. Call it
 * after `reconcileHolds`, which removes expired holds. Its memory only saves reads.
 */
export function createWaker({ redis, queue, log, now }: WakeServices): () => Promise<void> {
  let seen: string | null = null;
  let at = -Infinity;

  return async function wake(): Promise<void> {
    const { live } = planHolds(await readHolds(redis), now());
    const names = live
      .map(({ name }) => name)
      .toSorted()
      .join("\n");
    const since = now() - at;
    if (names === seen && since >= 0 && since < AT_LATEST_MS) return;
    const woken = await wakeJobsOfEndedHolds({ redis, queue, now: now() });
    if (woken > 0) log.info({ woken }, "resumed jobs whose hold ended");
    seen = names;
    at = now();
  };
}
