import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { planHolds, type Hold } from "../domain/holds.ts";
import type { Counts } from "../ledger/count.ts";
import { dayOf } from "../ledger/days.ts";
import { readDays, readTotals } from "../ledger/store.ts";
import { readEvents, type LoggedEvent } from "../state/events.ts";
import { readHolds } from "../state/holds.ts";
import {
  readRunners,
  readScheduler,
  RUNNER_GONE_MS,
  type RunnerPresence,
  type SchedulerPresence,
} from "../state/presence.ts";

/** Numbers of jobs, as BullMQ has them; `waiting` has its prioritized ones too. */
export interface QueueCounts {
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  readonly completed: number;
  readonly failed: number;
  readonly paused: boolean;
}

/** Redis' own memory, in bytes; `max` 0: no limit. */
export interface RedisMemory {
  readonly used: number;
  readonly max: number;
}

/** How all of tac8 stands at one moment; what it costs to read does not grow with the queue. */
export interface Snapshot {
  readonly scheduler: SchedulerPresence | null;
  /** Those that were heard of lately, by name. */
  readonly runners: readonly RunnerPresence[];
  readonly queue: QueueCounts;
  /** Those that are not over. */
  readonly holds: readonly Hold[];
  /** The newest, oldest first. */
  readonly events: readonly LoggedEvent[];
  readonly totals: Counts;
  readonly today: Counts;
  readonly memory: RedisMemory;
}

export interface SnapshotOptions {
  /** Borrowed. */
  readonly redis: Redis;
  /** Borrowed. */
  readonly queue: Queue;
  /** Epoch ms. */
  readonly now: number;
  /** How many events. */
  readonly events: number;
}

export async function readSnapshot({ redis, queue, now, events: count }: SnapshotOptions): Promise<Snapshot> {
  const [scheduler, runners, counts, paused, holds, events, totals, days, info] = await Promise.all([
    readScheduler(redis),
    readRunners(redis),
    queue.getJobCounts("waiting", "prioritized", "active", "delayed", "completed", "failed"),
    queue.isPaused(),
    readHolds(redis),
    readEvents(redis, { count }),
    readTotals(redis),
    readDays(redis, [dayOf(now)]),
    redis.info("memory"),
  ]);
  const number = (state: string) => counts[state] ?? 0;
  return {
    scheduler,
    runners: presentRunners(runners, now),
    queue: {
      waiting: number("waiting") + number("prioritized"),
      active: number("active"),
      delayed: number("delayed"),
      completed: number("completed"),
      failed: number("failed"),
      paused,
    },
    holds: planHolds(holds, now).live,
    events,
    totals,
    today: days[0] ?? {},
    memory: { used: fieldOf(info, "used_memory"), max: fieldOf(info, "maxmemory") },
  };
}

export function presentRunners(runners: readonly RunnerPresence[], now: number): RunnerPresence[] {
  return runners.filter(({ at }) => now - at <= RUNNER_GONE_MS).toSorted((a, b) => a.name.localeCompare(b.name));
}

function fieldOf(info: string, name: string): number {
  return Number(new RegExp(`^${name}:(\\d+)`, "m").exec(info)?.[1] ?? 0);
}
