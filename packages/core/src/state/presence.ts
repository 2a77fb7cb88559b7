import type { Redis } from "ioredis";
import { z } from "zod";
import { RUNNERS_KEY, SCHEDULER_KEY } from "./keys.ts";

/** A runner that has not been heard of for this long is not there. */
export const RUNNER_GONE_MS = 30_000;

const runnerSchema = z.object({
  at: z.number(),
  host: z.string(),
  pid: z.number(),
  slots: z.number(),
  busy: z.number(),
  /** Why its host takes nothing new now; null: it is fit for work. */
  tired: z.string().nullable().optional(),
});
export type RunnerPresence = z.infer<typeof runnerSchema> & { readonly name: string };

const schedulerSchema = z.object({
  at: z.number(),
  /** Epoch ms of the last poll in which every repository answered. */
  lastPollAt: z.number().nullable(),
  error: z.string().nullable(),
  /** Epoch ms until which GitHub's rate limit lets it ask nothing. */
  restUntil: z.number().nullish(),
});
export type SchedulerPresence = z.infer<typeof schedulerSchema>;

/** A poll may fail now and then; one that is older than this is news. */
const MIN_POLL_AGE_MS = 90_000;

/**
 * Pure: does it do what it can? It polled lately, or it has polled before and is alive in a rate limit's wait; `now` is
 * epoch ms.
 */
export function keepsPolling(
  { at, lastPollAt, restUntil }: SchedulerPresence,
  { now, pollSeconds }: { readonly now: number; readonly pollSeconds: number },
): boolean {
  if (lastPollAt === null) return false;
  const room = Math.max(3000 * pollSeconds, MIN_POLL_AGE_MS);
  if (now - lastPollAt <= room) return true;
  return typeof restUntil === "number" && now <= restUntil + room && now - at <= room;
}

export async function announceRunner(redis: Redis, { name, ...facts }: RunnerPresence): Promise<void> {
  await redis.hset(RUNNERS_KEY, name, JSON.stringify(facts));
}

export async function removeRunner(redis: Redis, name: string): Promise<void> {
  await redis.hdel(RUNNERS_KEY, name);
}

/** All that ever announced themselves and were not removed; the caller looks at `at`. */
export async function readRunners(redis: Redis): Promise<RunnerPresence[]> {
  const all = await redis.hgetall(RUNNERS_KEY);
  return Object.entries(all).flatMap(([name, text]) => {
    const facts = read(runnerSchema, text);
    return facts === null ? [] : [{ ...facts, name }];
  });
}

export async function announceScheduler(redis: Redis, presence: SchedulerPresence): Promise<void> {
  await redis.set(SCHEDULER_KEY, JSON.stringify(presence));
}

export async function readScheduler(redis: Redis): Promise<SchedulerPresence | null> {
  const text = await redis.get(SCHEDULER_KEY);
  return text === null ? null : read(schedulerSchema, text);
}

function read<T>(schema: z.ZodType<T>, text: string): T | null {
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null; // Written by another version: as good as absent.
  }
}
