import type { Redis } from "ioredis";
import type { Counter } from "../domain/placement.ts";
import { counterKey, UNPLACED_KEY, unplacedKey } from "./keys.ts";

/** Now in ms by Redis' clock: machines' clocks differ. */
const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/**
 * Counts a run in each counter, or in none. KEYS: counters. ARGV: member, life in ms, most of each.
 * Returns 0, or the number of the counter that is full. A member whose life is over is no run.
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

/** Members of a counter that live. KEYS: counter. */
const COUNT = `${NOW}
return redis.call('ZCOUNT', KEYS[1], '(' .. now, '+inf')`;

/** A place in each of some counters, which ends by itself unless it is kept. */
export interface Place {
  /** Makes its life last from now on. A place whose life was over counts again, too: its run is there. */
  keep(): Promise<void>;
  release(): Promise<void>;
}

/**
 * Takes a place for a run in all of the counters in one step. `member`: no other run has it. `lifeMs`: as long as its job's
 * lock, so that a run that was lost is counted no longer than it holds its job.
 */
export async function takePlace(
  redis: Redis,
  {
    counters,
    member,
    lifeMs,
  }: { readonly counters: readonly Counter[]; readonly member: string; readonly lifeMs: number },
): Promise<{ readonly place: Place } | { readonly full: Counter }> {
  if (counters.length === 0) return { place: { keep: async () => undefined, release: async () => undefined } };
  const keys = counters.map(({ name }) => counterKey(name));
  const take = (most: readonly number[]) => redis.eval(TAKE, keys.length, ...keys, member, lifeMs, ...most);
  const full = counters[Number(await take(counters.map((counter) => counter.most))) - 1];
  if (full !== undefined) return { full };
  return {
    place: {
      async keep() {
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

/** How many runs are counted there now. */
export async function placesTaken(redis: Redis, name: string): Promise<number> {
  return Number(await redis.eval(COUNT, 1, counterKey(name)));
}

/** A job that found no place waits for one: `reason` is that of `missingLabels`, or a counter's name. */
export async function waitForPlace(redis: Redis, waiting: WaitingJob): Promise<void> {
  const { reason, jobId } = waiting;
  await redis.multi().sadd(UNPLACED_KEY, reason).zadd(unplacedKey(reason), rankOf(waiting), jobId).exec();
}

/** Its priority is another one now. It is no harm if it does not wait any more. */
export async function rankWaiting(redis: Redis, waiting: WaitingJob): Promise<void> {
  await redis.zadd(unplacedKey(waiting.reason), "XX", rankOf(waiting), waiting.jobId);
}

export interface WaitingJob {
  readonly reason: string;
  readonly jobId: string;
  /** BullMQ's number. */
  readonly priority: number;
  /** Epoch ms at which it was put into the queue. */
  readonly since: number;
}

/** Priority first, then age: exact in a double. */
function rankOf({ priority, since }: WaitingJob): number {
  return priority * 1e13 + since;
}

/** Reasons for which jobs wait. */
export async function reasonsToWait(redis: Redis): Promise<string[]> {
  return redis.smembers(UNPLACED_KEY);
}

/** KEYS: jobs of a reason, reasons. ARGV: how many, reason. Returns the first of them, which wait there no more. */
const OFFER = `
local jobs = {}
local count = tonumber(ARGV[1])
if count > 0 then
  local popped = redis.call('ZPOPMIN', KEYS[1], count)
  for i = 1, #popped, 2 do jobs[#jobs + 1] = popped[i] end
end
if redis.call('ZCARD', KEYS[1]) == 0 then redis.call('SREM', KEYS[2], ARGV[2]) end
return jobs`;

/** Takes the most urgent jobs that wait for this reason, at most `count`. */
export async function takeWaiting(redis: Redis, reason: string, count: number): Promise<string[]> {
  return (await redis.eval(OFFER, 2, unplacedKey(reason), UNPLACED_KEY, count, reason)) as string[];
}
