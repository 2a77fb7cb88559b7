import type { Redis } from "ioredis";
import { z } from "zod";
import { admissionSchema } from "../domain/admission.ts";
import { pauseSchema } from "../domain/pause.ts";
import { aheadOfRedis } from "./clock.ts";
import { RUNNERS_KEY, SCHEDULER_KEY } from "./keys.ts";

/** A runner that has not been seen for this long is not there. */
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
  /** Epoch ms of the pick-up. */
  since: z.number(),
  /** What its agent did last, one line; null before its first word. */
  last: z.object({ at: z.number(), kind: z.string(), text: z.string() }).nullable(),
  /** Of the issue so far, as far as the agent has told. */
  tokens: z.number(),
  costUsd: z.number(),
});
/** A run as its runner reports it, every few seconds. */
export type RunPresence = z.infer<typeof runSchema>;

/** Null: it cannot be read there. */
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
  /** The longest that the event loop was late since the word before, in ms. */
  lagMs: z.number(),
  /** Epoch ms. */
  startedAt: z.number(),
});
export type ProcessPresence = z.infer<typeof processSchema>;

const githubSchema = z.object({
  /** Requests since the process started. */
  requests: z.number(),
  /** Of them answered as unchanged, which costs no rate limit. */
  notModified: z.number(),
  /** What is left of the rate limit; null before the first answer. */
  rateLimit: z.object({ limit: z.number(), remaining: z.number(), resetAt: z.number() }).nullable(),
});
export type GitHubPresence = z.infer<typeof githubSchema>;

/** What every process of ours reports about itself; absent where an older version runs. */
const vitals = { process: processSchema.optional(), github: githubSchema.optional() };

const runnerSchema = z.object({
  at: z.number(),
  /** `<host>/<number of its first slot>`, for people; absent in older versions, whose key in Redis it was. */
  name: z.string().optional(),
  /** Its machine for people: no other data folder has the same at a time, see apps/runner/src/slots/hostNames.ts. */
  host: z.string(),
  /** What `host` would be if no other data folder had it; absent: the same. */
  wantedHost: z.string().optional(),
  /** The key of this runner in versions that knew runners by their machine's name. */
  formerId: z.string().optional(),
  pid: z.number(),
  /** Id of its machine's present boot, by the kernel. */
  boot: z.string().optional(),
  /** Namespace of `pid`: containers have their own; absent in older versions. */
  pidNamespace: z.string().optional(),
  /** Random, of this process alone; absent in older versions. */
  instance: z.string().optional(),
  /** Keys of its configuration that say something else than the scheduler's, which holds; absent: none. */
  otherLimits: z.array(z.string()).optional(),
  slots: z.number(),
  busy: z.number(),
  /** The newest version of a record that it knows, see domain/format.ts; absent: 0. */
  format: z.number().optional(),
  /** Config `runner.labels`; absent in older versions, which have none. */
  labels: z.array(z.string()).optional(),
  /** May new work start here? Absent in older versions, and where it is of a newer one that has other states. */
  admission: admissionSchema.optional().catch(undefined),
  /** Why its host takes nothing new now; null: it is fit for work. With `limit` and `paused` for older versions. */
  tired: z.string().nullable().optional(),
  /** How many jobs it may hold now, less than its slots while it goes slowly. */
  limit: z.number().optional(),
  /** The user who paused it, see state/pause.ts; null: nobody. */
  paused: pauseSchema.nullable().optional(),
  /** What is said of its agents that share a home folder although nobody asked for it; null: none do. */
  sharedHome: z.object({ text: z.string(), advice: z.string() }).nullable().optional(),
  isolation: z.object({ mode: z.string(), text: z.string(), advice: z.string().nullable() }).optional(),
  runs: z.array(runSchema).optional(),
  machine: hostSchema.optional(),
  ...vitals,
});
/** `id`: see `runnerId`; absent in older versions, whose name it was. */
export type RunnerPresence = z.infer<typeof runnerSchema> & { readonly id?: string; readonly name: string };

/** A runner, as far as it takes to name it to Redis and to people. */
export type RunnerRef = Pick<RunnerPresence, "id" | "name" | "formerId">;

/** Return the key of the runner in Redis. Pure. */
export function idOf({ id, name }: Pick<RunnerPresence, "id" | "name">): string {
  return id ?? name;
}

/**
 * Return the identity of a runner: the id of its data folder and the number of the first slot that it holds there. Its name is
 * for people, because machines may have the same host name. Pure.
 */
export function runnerId(homeId: string, slot: number): string {
  return `${homeId}/${slot}`;
}

/** Return the id of the data folder that the runner with this id works on. Pure. */
export function homeIdOf(runner: string): string {
  return runner.slice(0, runner.lastIndexOf("/"));
}

const schedulerSchema = z.object({
  at: z.number(),
  /** Epoch ms of the last poll in which every repository answered. */
  lastPollAt: z.number().nullable(),
  error: z.string().nullable(),
  /** Epoch ms until which GitHub's rate limit lets it ask nothing. */
  restUntil: z.number().nullish(),
  /** Whether it ended in order since, and begins nothing more. */
  ended: z.boolean().optional(),
  /** Why other machines do not reach the Redis of this one, with what to do. */
  sharing: z.string().optional(),
  ...vitals,
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

/**
 * `at` is by this machine's clock, and by Redis' in Redis: so a machine whose clock is wrong is not taken for one that is gone.
 * @returns what the entry was before; null: there was none
 */
export async function announceRunner(redis: Redis, { id, ...facts }: RunnerPresence): Promise<RunnerPresence | null> {
  const key = id ?? facts.name;
  const at = facts.at - (await aheadOfRedis(redis));
  const [before] = await Promise.all([
    redis.hget(RUNNERS_KEY, key),
    redis.hset(RUNNERS_KEY, key, JSON.stringify({ ...facts, at })),
  ]);
  const found = before === null ? null : read(runnerSchema, before);
  return found === null ? null : { ...found, id: key, name: found.name ?? key };
}

/** Give an entry that `announceRunner` has found its place again. Its process continues with it. */
export async function putRunnerBack(redis: Redis, { id, ...facts }: RunnerPresence): Promise<void> {
  await redis.hset(RUNNERS_KEY, id ?? facts.name, JSON.stringify(facts));
}

export async function removeRunner(redis: Redis, id: string): Promise<void> {
  await redis.hdel(RUNNERS_KEY, id);
}

/** A runner that was silent for this long does not come back under its name: a container has a new one each time. */
const FORGET_MS = 7 * 24 * 3_600_000;

/** KEYS: runners. ARGV: name, entry as it was read. One that has come back meanwhile stays. */
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

/** Everything that announced themselves and were not removed; the caller reads `at`, which is by this machine's clock. */
export async function readRunners(redis: Redis): Promise<RunnerPresence[]> {
  const [all, ahead] = await Promise.all([redis.hgetall(RUNNERS_KEY), aheadOfRedis(redis)]);
  return Object.entries(all).flatMap(([id, text]) => {
    const facts = read(runnerSchema, text);
    return facts === null ? [] : [{ ...facts, at: facts.at + ahead, id, name: facts.name ?? id }];
  });
}

export async function announceScheduler(redis: Redis, presence: SchedulerPresence): Promise<void> {
  await redis.set(SCHEDULER_KEY, JSON.stringify(shifted(presence, -(await aheadOfRedis(redis)))));
}

/** Sign off: it keeps its place in health, and no longer counts as at work. Only for the one that has the lease. */
export async function endScheduler(redis: Redis): Promise<void> {
  const text = await redis.get(SCHEDULER_KEY);
  const found = text === null ? null : read(schedulerSchema, text);
  if (found !== null) await redis.set(SCHEDULER_KEY, JSON.stringify({ ...found, ended: true }));
}

export async function readScheduler(redis: Redis): Promise<SchedulerPresence | null> {
  const [text, ahead] = await Promise.all([redis.get(SCHEDULER_KEY), aheadOfRedis(redis)]);
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
    return null; // Written by another version: as good as absent.
  }
}
