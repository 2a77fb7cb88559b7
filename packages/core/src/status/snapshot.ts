import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { planAdmission, type Admission } from "../domain/admission.ts";
import { parseBreaker } from "../domain/breaker.ts";
import { planHolds, type Hold } from "../domain/holds.ts";
import type { Counts } from "../ledger/count.ts";
import { dayOf } from "../domain/days.ts";
import type { RunEnd } from "../ledger/ends.ts";
import { readDays, readEnds, readTotals } from "../ledger/store.ts";
import { readEvaluation, EVALUATION_EXPIRES_MS, type HealthEvaluation } from "../state/healthEvaluation.ts";
import type { LoggedEvent } from "../domain/events.ts";
import { readEvents } from "../state/events.ts";
import { readHolds } from "../state/holds.ts";
import { BREAKER_KEY } from "../state/keys.ts";
import {
  readRunners,
  readScheduler,
  RUNNER_OFFLINE_MS,
  type RunnerPresence,
  type SchedulerPresence,
} from "../state/presence.ts";

/** Numbers of jobs by their state in BullMQ; `waiting` includes prioritized jobs. */
export interface QueueCounts {
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  readonly completed: number;
  readonly failed: number;
  readonly paused: boolean;
}

/** Memory of Redis, in bytes; `max` 0: no limit. */
export interface RedisMemory {
  readonly used: number;
  readonly max: number;
  /** `maxmemory-policy`; null: Redis does not report it. */
  readonly policy: string | null;
}

/** The overall status of tac8 at one moment. The cost of reading it does not grow with the queue. */
export interface Snapshot {
  readonly scheduler: SchedulerPresence | null;
  /** Runners that sent a heartbeat recently, by name. */
  readonly runners: readonly RunnerPresence[];
  /** Runners that sent their last heartbeat within the last hour and did not shut down cleanly, by name. */
  readonly offline: readonly RunnerPresence[];
  readonly queue: QueueCounts;
  /** Holds that have not ended. */
  readonly holds: readonly Hold[];
  /** The newest events, oldest first. */
  readonly events: readonly LoggedEvent[];
  readonly totals: Counts;
  readonly today: Counts;
  /** Results of the newest runs, oldest first. */
  readonly ends: readonly RunEnd[];
  readonly memory: RedisMemory;
  /** Whether Redis can write to its append-only file; true if it has none. */
  readonly writesToDisk: boolean;
  /** The scheduler's latest evaluation; null: there is no recent one. */
  readonly evaluation: HealthEvaluation | null;
  /** Whether the breaker is probing: one job at a time. */
  readonly probing: boolean;
}

/** The admission of the whole queue. Pure. */
export function queueAdmission({
  holds,
  probing,
  evaluation,
}: Pick<Snapshot, "holds" | "probing" | "evaluation">): Admission {
  return planAdmission({ queue: { holds, probing }, runner: null, reasons: evaluation?.reasons ?? [] });
}

export interface SnapshotOptions {
  /** Borrowed. */
  readonly redis: Redis;
  /** Borrowed. */
  readonly queue: Queue;
  /** Epoch ms. */
  readonly now: number;
  /** Number of events to read. */
  readonly events: number;
}

/** A runner whose last heartbeat is older than this is no longer listed as offline. */
const MISSED_MS = 3_600_000;

export async function readSnapshot({ redis, queue, now, events: count }: SnapshotOptions): Promise<Snapshot> {
  const [
    scheduler,
    runners,
    counts,
    paused,
    holds,
    events,
    totals,
    ends,
    days,
    evaluation,
    memory,
    persistence,
    breaker,
  ] = await Promise.all([
    readScheduler(redis),
    readRunners(redis),
    queue.getJobCounts("waiting", "prioritized", "active", "delayed", "completed", "failed"),
    queue.isPaused(),
    readHolds(redis),
    readEvents(redis, { count }),
    readTotals(redis),
    readEnds(redis),
    readDays(redis, [dayOf(now)]),
    readEvaluation(redis),
    redis.info("memory"),
    redis.info("persistence"),
    redis.get(BREAKER_KEY),
  ]);
  const number = (state: string) => counts[state] ?? 0;
  return {
    scheduler,
    runners: presentRunners(runners, now),
    offline: byName(runners.filter(({ at }) => now - at > RUNNER_OFFLINE_MS && now - at <= MISSED_MS)),
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
    ends,
    memory: { used: fieldOf(memory, "used_memory"), max: fieldOf(memory, "maxmemory"), policy: policyIn(memory) },
    writesToDisk: !/^aof_last_write_status:err/m.test(persistence),
    evaluation: evaluation !== null && now - evaluation.at <= EVALUATION_EXPIRES_MS ? evaluation : null,
    probing: parseBreaker(breaker).phase === "probing",
  };
}

export function presentRunners(runners: readonly RunnerPresence[], now: number): RunnerPresence[] {
  return byName(runners.filter(({ at }) => now - at <= RUNNER_OFFLINE_MS));
}

function byName(runners: readonly RunnerPresence[]): RunnerPresence[] {
  return runners.toSorted((a, b) => a.name.localeCompare(b.name));
}

function fieldOf(info: string, name: string): number {
  return Number(new RegExp(`^${name}:(\\d+)`, "m").exec(info)?.[1] ?? 0);
}

function policyIn(info: string): string | null {
  return /^maxmemory_policy:([\w-]{1,40})/m.exec(info)?.[1] ?? null;
}
