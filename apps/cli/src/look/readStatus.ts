import { judgeHealth } from "@tac8/core/health/judge";
import { readSnapshot } from "@tac8/core/look/snapshot";
import type { Redis } from "ioredis";
import { redisAddress } from "../redis/connect.ts";
import type { Place } from "../redis/locate.ts";
import { withQueue, type IssueQueue } from "../redis/queue.ts";
import { statusReport, type StatusReport } from "./statusReport.ts";

export interface StatusSource {
  /** Borrowed. */
  readonly redis: Redis;
  readonly place: Place;
  /** How many of the newest. */
  readonly events: number;
  readonly now: number;
}

/** What it costs does not grow with the queue. */
export function readStatus(source: StatusSource): Promise<StatusReport> {
  return withQueue(source.redis, (queue) => readStatusOf(queue, source));
}

/** The same with a queue that is kept. */
export async function readStatusOf(
  queue: IssueQueue,
  { redis, place, events, now }: StatusSource,
): Promise<StatusReport> {
  const { redisUrl, repositories, pollSeconds, limits } = place;
  const snapshot = await readSnapshot({ redis, queue, now, events });
  const health = judgeHealth(snapshot, { now, pollSeconds, limits });
  return statusReport(snapshot, { health, address: redisAddress(redisUrl), repositories, now });
}
