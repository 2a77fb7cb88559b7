import type { Redis } from "ioredis";
import type { Counter } from "../domain/placement.ts";
import { counterKey, DEFERRED_KEY, deferredKey } from "./keys.ts";

/** Current time in ms by Redis' clock, because the clocks of machines differ. */
const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/**
 * Count a run in every counter, or in none. KEYS: counters. ARGV: member, lifetime in ms, limit of each counter.
 * Returns 0, or the number of the counter that is full. A member whose lifetime is over does not count.
 */
const TAKE = `${NOW}
for i, key in ipairs(KEYS) do
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
  if not redis.call('ZSCORE', key, ARGV[1]) and redis.call('ZCARD', key) >= tonumber(ARGV[2 + i]) then return i end
end
for i, key in ipairs(KEYS) do
  redis.call('ZADD', key, now + ARGV[2], ARGV[1])
  if redis.call('PTTL', key) < tonumber(ARGV[2]) then redis.call('PEXPIRE', key, ARGV[2]) end
end
return 0`;

/** Number of members of a counter whose lifetime is not over. KEYS: counter. */
const COUNT = `${NOW}
return redis.call('ZCOUNT', KEYS[1], '(' .. now, '+inf')`;

/** The permission of a run to start: its entries in one or more counters. It expires unless it is renewed. */
export interface Permit {
  /** Renew the lifetime from now on. An expired permit counts again, because its run still exists. */
  renew(): Promise<void>;
  release(): Promise<void>;
}

/**
 * Count a run in all of the counters in one step. `member`: unique to the run. `lifeMs`: the duration of the job's lock, so a lost run
 * counts no longer than it has its job.
 */
export async function takePermit(
  redis: Redis,
  {
    counters,
    member,
    lifeMs,
  }: { readonly counters: readonly Counter[]; readonly member: string; readonly lifeMs: number },
): Promise<{ readonly permit: Permit } | { readonly full: Counter }> {
  if (counters.length === 0) return { permit: { renew: async () => undefined, release: async () => undefined } };
  const keys = counters.map(({ name }) => counterKey(name));
  const take = (most: readonly number[]) => redis.eval(TAKE, keys.length, ...keys, member, lifeMs, ...most);
  const full = counters[Number(await take(counters.map((counter) => counter.most))) - 1];
  if (full !== undefined) return { full };
  return {
    permit: {
      async renew() {
        await take(keys.map(() => Number.MAX_SAFE_INTEGER));
      },
      async release() {
        const pipeline = redis.multi();
        for (const key of keys) pipeline.zrem(key, member);
        await pipeline.exec();
      },
    },
  };
}

/** Return the number of runs that a counter counts now. */
export async function permitsTaken(redis: Redis, name: string): Promise<number> {
  return Number(await redis.eval(COUNT, 1, counterKey(name)));
}

/** Defer a job that got no permit. `reason` is from `missingLabels`, or the name of a counter. */
export async function deferJob(redis: Redis, waiting: DeferredJob): Promise<void> {
  const { reason, jobId } = waiting;
  await redis.multi().sadd(DEFERRED_KEY, reason).zadd(deferredKey(reason), rankOf(waiting), jobId).exec();
}

/** Update the order of a deferred job after a change of its priority. No effect if the job is no longer deferred. */
export async function rankDeferred(redis: Redis, waiting: DeferredJob): Promise<void> {
  await redis.zadd(deferredKey(waiting.reason), "XX", rankOf(waiting), waiting.jobId);
}

export interface DeferredJob {
  readonly reason: string;
  readonly jobId: string;
  /** BullMQ's number. */
  readonly priority: number;
  /** Time at which the job was queued, epoch ms. */
  readonly since: number;
}

/** Score that sorts by priority, then by age. It is exact in a double. */
function rankOf({ priority, since }: DeferredJob): number {
  return priority * 1e13 + since;
}

/** Return the reasons for which jobs are deferred. */
export async function deferredReasons(redis: Redis): Promise<string[]> {
  return redis.smembers(DEFERRED_KEY);
}

/** KEYS: deferred jobs of a reason, reasons. ARGV: count, reason. Removes the first jobs, and returns them. */
const OFFER = `
local jobs = {}
local count = tonumber(ARGV[1])
if count > 0 then
  local popped = redis.call('ZPOPMIN', KEYS[1], count)
  for i = 1, #popped, 2 do jobs[#jobs + 1] = popped[i] end
end
if redis.call('ZCARD', KEYS[1]) == 0 then redis.call('SREM', KEYS[2], ARGV[2]) end
return jobs`;

/** Remove and return the most urgent jobs that are deferred for this reason, at most `count`. */
export async function takeDeferred(redis: Redis, reason: string, count: number): Promise<string[]> {
  return (await redis.eval(OFFER, 2, deferredKey(reason), DEFERRED_KEY, count, reason)) as string[];
}
