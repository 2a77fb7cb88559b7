import type { Redis } from "ioredis";
import { z } from "zod";
import { admissionSchema } from "../domain/admission.ts";
import { pauseSchema } from "../domain/pause.ts";
import { clockOffset } from "./clock.ts";
import { RUNNERS_KEY, SCHEDULER_KEY } from "./keys.ts";

/** A runner that sent no heartbeat for this long is offline. */
export const RUNNER_OFFLINE_MS = 30_000;

const PHASES = ["prepare", "work", "publish", "report"] as const;
export type Phase = (typeof PHASES)[number];

const runSchema = z.object({
  /** Job id. */
  issue: z.string(),
  title: z.string(),
  run: z.string(),
  /** `<host>/<number>`. */
  slot: z.string(),
  phase: z.enum(PHASES),
  /** Epoch ms at which the run started. */
  since: z.number(),
  /** Last action or output of its agent, one line; null: there is none yet. */
  last: z.object({ at: z.number(), kind: z.string(), text: z.string() }).nullable(),
  /** Tokens of the issue so far, as far as the agent has reported them. */
  tokens: z.number(),
  costUsd: z.number(),
});
/** A run, as its runner reports it every few seconds. */
export type RunPresence = z.infer<typeof runSchema>;

/** State of a machine. Null: the value cannot be read on that machine. */
const hostSchema = z.object({
  freeMemoryMb: z.number().nullable(),
  totalMemoryMb: z.number(),
  freeDiskGb: z.number().nullable(),
  loadPerCore: z.number().nullable(),
  temperatureC: z.number().nullable(),
});
export type HostPresence = z.infer<typeof hostSchema>;

const processSchema = z.object({
  rssMb: z.number(),
  /** Longest lag of the event loop since the previous report, in ms. */
  lagMs: z.number(),
  /** Epoch ms. */
  startedAt: z.number(),
});
export type ProcessPresence = z.infer<typeof processSchema>;

const githubSchema = z.object({
  /** Requests since the process started. */
  requests: z.number(),
  /** Number of them that GitHub answered as unchanged (304), which does not count for the rate limit. */
  notModified: z.number(),
  /** State of the rate limit; null before the first response. */
  rateLimit: z.object({ limit: z.number(), remaining: z.number(), resetAt: z.number() }).nullable(),
});
export type GitHubPresence = z.infer<typeof githubSchema>;

/** Facts that every process of tac8 reports about itself; absent in older versions. */
const vitals = { process: processSchema.optional(), github: githubSchema.optional() };

const runnerSchema = z.object({
  at: z.number(),
  /** Display name, `<host>/<number of its first slot>`; absent in older versions, which used it as the key in Redis. */
  name: z.string().optional(),
  /** Display name of its machine, unique among data folders at any time, see apps/runner/src/slots/hostNames.ts. */
  host: z.string(),
  /** The configured or detected host name, if another data folder already has it; absent: the same as `host`. */
  wantedHost: z.string().optional(),
  /** The key of this runner in versions that identified runners by their machine's name. */
  formerId: z.string().optional(),
  pid: z.number(),
  /** The kernel's id of its machine's current boot. */
  boot: z.string().optional(),
  /** Namespace of `pid`: containers have their own; absent in older versions. */
  pidNamespace: z.string().optional(),
  /** Random id of this process; absent in older versions. */
  instance: z.string().optional(),
  /** Keys of its configuration that differ from the scheduler's, whose values apply; absent: none. */
  otherLimits: z.array(z.string()).optional(),
  slots: z.number(),
  busy: z.number(),
  /** Newest record format that it supports, see domain/format.ts; absent: 0. */
  format: z.number().optional(),
  /** Configuration key `runner.labels`; absent in older versions, which have none. */
  labels: z.array(z.string()).optional(),
  /** Whether new work may start here. Absent in older versions, and in newer ones that have other states. */
  admission: admissionSchema.optional().catch(undefined),
  /** Why its host is overloaded; null: it is not. Written, like `limit` and `paused`, for older versions. */
  tired: z.string().nullable().optional(),
  /** Number of jobs that it may run now: fewer than its slots while its admission is half open. */
  limit: z.number().optional(),
  /** Its pause by a user, see state/pause.ts; null: it is not paused. */
  paused: pauseSchema.nullable().optional(),
  /** Warning that its agents share a home folder although the configuration does not require it; null: they do not. */
  sharedHome: z.object({ text: z.string(), advice: z.string() }).nullable().optional(),
  isolation: z.object({ mode: z.string(), text: z.string(), advice: z.string().nullable() }).optional(),
  runs: z.array(runSchema).optional(),
  machine: hostSchema.optional(),
  ...vitals,
});
/** `id`: see `runnerId`; absent in older versions, which use the name as the id. */
export type RunnerPresence = z.infer<typeof runnerSchema> & { readonly id?: string; readonly name: string };

/** The identity of a runner, for Redis and for display. */
export type RunnerRef = Pick<RunnerPresence, "id" | "name" | "formerId">;

/** Return the key of the runner in Redis. Pure. */
export function idOf({ id, name }: Pick<RunnerPresence, "id" | "name">): string {
  return id ?? name;
}

/**
 * Return the id of a runner: the id of its data folder and the number of its first slot there. Its name is only for display, because
 * machines may have the same host name. Pure.
 */
export function runnerId(dataFolderId: string, slot: number): string {
  return `${dataFolderId}/${slot}`;
}

/** Return the id of the data folder of the runner with this id. Pure. */
export function dataFolderIdOf(runner: string): string {
  return runner.slice(0, runner.lastIndexOf("/"));
}

const schedulerSchema = z.object({
  at: z.number(),
  /** Epoch ms of the last poll in which GitHub responded for every repository. */
  lastPollAt: z.number().nullable(),
  error: z.string().nullable(),
  /** Epoch ms until which GitHub's rate limit prevents requests. */
  restUntil: z.number().nullish(),
  /** Whether it has shut down cleanly. */
  ended: z.boolean().optional(),
  /** Why other machines cannot reach the Redis of this machine, with what to do. */
  sharing: z.string().optional(),
  ...vitals,
});
export type SchedulerPresence = z.infer<typeof schedulerSchema>;

/** A single poll may fail. If the last successful poll is older than this, the scheduler counts as failing. */
const MIN_POLL_AGE_MS = 90_000;

/**
 * Return whether the scheduler works as expected: it polled recently, or it is alive, has polled before, and waits for a rate limit.
 * `now`: epoch ms. Pure.
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

/**
 * Write the presence of a runner. `at` is by this machine's clock, and is converted to Redis's clock, so that a runner whose clock is
 * wrong does not count as offline.
 * @returns the previous entry; null: there was none
 */
export async function announceRunner(redis: Redis, { id, ...facts }: RunnerPresence): Promise<RunnerPresence | null> {
  const key = id ?? facts.name;
  const at = facts.at - (await clockOffset(redis));
  const [before] = await Promise.all([
    redis.hget(RUNNERS_KEY, key),
    redis.hset(RUNNERS_KEY, key, JSON.stringify({ ...facts, at })),
  ]);
  const found = before === null ? null : read(runnerSchema, before);
  return found === null ? null : { ...found, id: key, name: found.name ?? key };
}

/** Restore the entry that `announceRunner` has replaced. The process of that entry continues to update it. */
export async function restoreRunner(redis: Redis, { id, ...facts }: RunnerPresence): Promise<void> {
  await redis.hset(RUNNERS_KEY, id ?? facts.name, JSON.stringify(facts));
}

export async function removeRunner(redis: Redis, id: string): Promise<void> {
  await redis.hdel(RUNNERS_KEY, id);
}

/** A runner that sent no heartbeat for this long will not return under this name: a container has a new name each time. */
const FORGET_MS = 7 * 24 * 3_600_000;

/** Remove a runner unless its entry has changed since it was read. KEYS: runners. ARGV: name, entry as it was read. */
const FORGET = `
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('HDEL', KEYS[1], ARGV[1])`;

/** Remove runners that were killed and have not been seen for a week. `now` is epoch ms. */
export async function forgetRunners(redis: Redis, now: number): Promise<void> {
  for (const [name, text] of Object.entries(await redis.hgetall(RUNNERS_KEY))) {
    const facts = read(runnerSchema, text);
    if (facts !== null && now - facts.at > FORGET_MS) await redis.eval(FORGET, 1, RUNNERS_KEY, name, text);
  }
}

/** Return the presence of all runners that were not removed. `at` is by this machine's clock; the caller decides which ones are offline. */
export async function readRunners(redis: Redis): Promise<RunnerPresence[]> {
  const [all, ahead] = await Promise.all([redis.hgetall(RUNNERS_KEY), clockOffset(redis)]);
  return Object.entries(all).flatMap(([id, text]) => {
    const facts = read(runnerSchema, text);
    return facts === null ? [] : [{ ...facts, at: facts.at + ahead, id, name: facts.name ?? id }];
  });
}

export async function announceScheduler(redis: Redis, presence: SchedulerPresence): Promise<void> {
  await redis.set(SCHEDULER_KEY, JSON.stringify(shifted(presence, -(await clockOffset(redis)))));
}

/** Record that the scheduler has shut down cleanly. Its entry remains, for health. Only the scheduler that has the lease calls this. */
export async function endScheduler(redis: Redis): Promise<void> {
  const text = await redis.get(SCHEDULER_KEY);
  const found = text === null ? null : read(schedulerSchema, text);
  if (found !== null) await redis.set(SCHEDULER_KEY, JSON.stringify({ ...found, ended: true }));
}

export async function readScheduler(redis: Redis): Promise<SchedulerPresence | null> {
  const [text, ahead] = await Promise.all([redis.get(SCHEDULER_KEY), clockOffset(redis)]);
  const found = text === null ? null : read(schedulerSchema, text);
  return found === null ? null : shifted(found, ahead);
}

function shifted(presence: SchedulerPresence, ms: number): SchedulerPresence {
  const { at, lastPollAt, restUntil } = presence;
  const rest = typeof restUntil === "number" ? { restUntil: restUntil + ms } : {};
  return { ...presence, at: at + ms, lastPollAt: lastPollAt === null ? null : lastPollAt + ms, ...rest };
}

function read<T>(schema: z.ZodType<T>, text: string): T | null {
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null; // Written by another version.
  }
}
