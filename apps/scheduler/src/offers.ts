import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import type { Config } from "@tac8/core/config/resolve";
import { needsRunner, offersFor, type RunnerCapacity } from "@tac8/core/domain/placement";
import { presentRunners } from "@tac8/core/status/snapshot";
import { parseBreaker } from "@tac8/core/domain/breaker";
import { endDelay } from "@tac8/core/queue/wake";
import { BREAKER_KEY, QUEUE_LIMIT_KEY } from "@tac8/core/state/keys";
import { runnerAdmission } from "@tac8/core/state/admission";
import { publishLimits } from "@tac8/core/state/limits";
import { permitsTaken, deferredReasons, takeDeferred } from "@tac8/core/state/permits";
import { readRunners } from "@tac8/core/state/presence";

/** All borrowed. */
export interface OfferServices {
  readonly config: Pick<Config, "limits">;
  readonly redis: Redis;
  readonly queue: Queue;
  readonly now: () => number;
}

/** Maximum number of jobs that are offered for one reason in one round. */
const MAX_OFFERS = 100;

/**
 * Return a function that offers deferred jobs again, the most urgent first, as many as may get a permit. It remembers the
 * offered jobs only to make fewer offers.
 */
export function createOffers({ config, redis, queue, now }: OfferServices): () => Promise<void> {
  const offered = new Map<string, readonly string[]>();

  /** Return the offered jobs that no runner has received yet. */
  async function stillOffered(reason: string): Promise<readonly string[]> {
    const ids = offered.get(reason) ?? [];
    const scores = await Promise.all(ids.map((id) => redis.zscore(queue.toKey("prioritized"), id)));
    return ids.filter((_, index) => scores[index] !== null);
  }

  async function offersNow(reason: string, runners: readonly RunnerCapacity[], othersWait: boolean): Promise<number> {
    if (needsRunner(reason)) return offersFor(reason, { runners, othersWait });
    const most = limitOf(reason, config.limits);
    return most === null ? MAX_OFFERS : most - (await permitsTaken(redis, reason));
  }

  return async function offer(): Promise<void> {
    const reasons = await deferredReasons(redis);
    if (reasons.length === 0) return;
    const runners = presentRunners(await readRunners(redis), now())
      .filter((runner) => runnerAdmission(runner).state !== "closed")
      .map(({ labels = [], format = 0, slots, busy, limit = slots }) => ({ labels, format, slots: limit, busy }));
    const { waiting = 0, prioritized = 0 } = await queue.getJobCounts("waiting", "prioritized");
    for (const reason of reasons.toSorted()) {
      const open = await stillOffered(reason);
      const count = (await offersNow(reason, runners, waiting + prioritized > open.length)) - open.length;
      const ids = await takeDeferred(redis, reason, Math.min(MAX_OFFERS, Math.max(0, count)));
      for (const id of ids) await endDelay(queue, id);
      offered.set(reason, [...open, ...ids]);
    }
  };
}

/** Return the limit; null: the configuration no longer has it. */
function limitOf(reason: string, { per_repository, per_label }: Config["limits"]): number | null {
  const [, kind, ...rest] = reason.split(":");
  const name = rest.join(":");
  if (kind === "label") return per_label[name] ?? null;
  return Object.entries(per_repository).find(([key]) => key.toLowerCase() === name)?.[1] ?? null;
}

/**
 * Publish the limits for every runner, and set the limit over all runners in the queue. BullMQ enforces it in the step in which a
 * runner receives a job. If the configuration has no such limit, one that an operator has set by other means is kept. While the
 * breaker probes, its limit is kept.
 */
export async function limitQueue({ config, redis, queue }: OfferServices): Promise<void> {
  const { runs } = config.limits;
  await publishLimits(redis, config.limits);
  if (parseBreaker(await redis.get(BREAKER_KEY)).phase !== "closed") return;
  if (runs > 0) {
    if ((await queue.getGlobalConcurrency()) !== runs) await queue.setGlobalConcurrency(runs);
    if ((await redis.get(QUEUE_LIMIT_KEY)) !== String(runs)) await redis.set(QUEUE_LIMIT_KEY, runs);
  } else if ((await redis.exists(QUEUE_LIMIT_KEY)) === 1) {
    await queue.removeGlobalConcurrency();
    await redis.del(QUEUE_LIMIT_KEY);
  }
}
