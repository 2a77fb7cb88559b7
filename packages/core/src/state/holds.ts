import type { Redis } from "ioredis";
import { parseHold, type Hold } from "../domain/holds.ts";
import { appendEvent } from "./events.ts";
import { HOLDS_KEY } from "./keys.ts";

export async function readHolds(redis: Redis): Promise<Hold[]> {
  const all = await redis.hgetall(HOLDS_KEY);
  return Object.entries(all)
    .map(([name, json]) => parseHold(name, json))
    .filter((hold) => hold !== null);
}

/** Replace a hold that has not changed since it was read. KEYS: holds. ARGV: name, expected value, new value. */
const REPLACE = `
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1`;
/** Number of tries. About as many runs as there are slots may reach the same limit at the same time. */
const MAX_TRIES = 50;

/** Begin a hold, or extend the existing one. The begin is logged once. @returns whether the hold began */
export async function setHold(redis: Redis, { name, ...hold }: Hold): Promise<boolean> {
  for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
    if ((await redis.hsetnx(HOLDS_KEY, name, JSON.stringify(hold))) === 1) {
      const evidence = { name, until: hold.until, ...(hold.run === undefined ? {} : { run: hold.run }) };
      await appendEvent(redis, {
        event: "hold:begun",
        issue: "",
        from: "",
        by: hold.by,
        reason: hold.reason,
        evidence,
      });
      return true;
    }
    const text = await redis.hget(HOLDS_KEY, name);
    if (text === null) continue; // It has just ended.
    const there = parseHold(name, text);
    if (there !== null && lastsLonger(there, hold)) return false;
    const longer = JSON.stringify({ ...hold, since: there?.since ?? hold.since });
    if ((await redis.eval(REPLACE, 1, HOLDS_KEY, name, text, longer)) === 1) return false;
  }
  throw new Error(`the hold ${name} changes repeatedly: find out which process sets and ends it`);
}

/** Return whether a hold ends later than another. An estimated end must not shorten a hold whose end is known. */
function lastsLonger(there: Pick<Hold, "until">, than: Pick<Hold, "until">): boolean {
  return there.until === null || (than.until !== null && there.until >= than.until);
}

/** Remove a hold unless its end has changed. KEYS: holds. ARGV: name, end in epoch ms. */
const EXPIRE = `
local hold = redis.call('HGET', KEYS[1], ARGV[1])
if not hold or cjson.decode(hold)['until'] ~= tonumber(ARGV[2]) then return 0 end
return redis.call('HDEL', KEYS[1], ARGV[1])`;

/** End an expired hold, unless a user has changed its end since it was read. */
export async function expireHold(redis: Redis, hold: Hold, by: string): Promise<boolean> {
  if ((await redis.eval(EXPIRE, 1, HOLDS_KEY, hold.name, String(hold.until))) !== 1) return false;
  await logEnd(redis, hold.name, by, "it expired");
  return true;
}

/** End a hold. If several callers do this at once, only the one that removed the hold logs it. */
export async function clearHold(redis: Redis, name: string, by: string, reason: string): Promise<boolean> {
  if ((await redis.hdel(HOLDS_KEY, name)) === 0) return false;
  await logEnd(redis, name, by, reason);
  return true;
}

async function logEnd(redis: Redis, name: string, by: string, reason: string): Promise<void> {
  await appendEvent(redis, { event: "hold:ended", issue: "", from: "", by, reason, evidence: { name } });
}
