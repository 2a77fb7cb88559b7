import type { Redis } from "ioredis";
import { readEventsAfter } from "../state/events.ts";
import { dayKey, TOTALS_KEY } from "../state/keys.ts";
import { countEvents, type Counts } from "./count.ts";
import { dayOf } from "../domain/days.ts";
import { endsIn, MAX_ENDS, parseEnds, type RunEnd } from "./ends.ts";

const BATCH = 500;
/** Maximum number of batches per call. The next call counts the remaining events. */
const MAX_BATCHES = 20;
export const KEPT_DAYS = 400;
const CURSOR = "cursor";
const ENDS = "ends";
/** Number of characters of one end. */
const END_CHARS = 12;

/**
 * Add to the sums and advance the cursor in one step, so that every event counts exactly once, even if a process dies. KEYS: totals, then
 * one hash per day. ARGV: expected cursor, new cursor, JSON of a list {field: amount} per key, expiry in seconds, ends of runs in the
 * form of ends.ts, number of their characters to keep.
 */
const ADD = `
if (redis.call('HGET', KEYS[1], 'cursor') or '0') ~= ARGV[1] then return 0 end
local counts = cjson.decode(ARGV[3])
for i, key in ipairs(KEYS) do
  for field, amount in pairs(counts[i]) do redis.call('HINCRBY', key, field, amount) end
  if i > 1 then redis.call('EXPIRE', key, ARGV[4]) end
end
local ends = (redis.call('HGET', KEYS[1], 'ends') or '') .. ARGV[5]
redis.call('HSET', KEYS[1], 'cursor', ARGV[2], 'ends', string.sub(ends, -tonumber(ARGV[6])))
return 1`;

/** Count the events since the last call. Several processes may call it at the same time. @returns the number of new events */
export async function advanceLedger(redis: Redis): Promise<number> {
  let counted = 0;
  for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
    const cursor = (await redis.hget(TOTALS_KEY, CURSOR)) ?? "0";
    const events = await readEventsAfter(redis, { after: cursor, count: BATCH });
    const last = events.at(-1);
    if (last === undefined) return counted;
    const { totals, days } = countEvents(events, (at) => dayOf(Date.parse(at)));
    const names = Object.keys(days);
    const counts = JSON.stringify([totals, ...names.map((day) => days[day])]);
    const keys = [TOTALS_KEY, ...names.map(dayKey)];
    const more = [KEPT_DAYS * 86_400, endsIn(events), MAX_ENDS * END_CHARS];
    const done = await redis.eval(ADD, keys.length, ...keys, cursor, last.id, counts, ...more);
    if (done !== 1) return counted; // Another process was quicker.
    counted += events.length;
  }
  return counted;
}

/** Return the totals of all time. */
export async function readTotals(redis: Redis): Promise<Counts> {
  return toCounts(await redis.hgetall(TOTALS_KEY));
}

/** Return the ends of the newest runs, oldest first. */
export async function readEnds(redis: Redis): Promise<RunEnd[]> {
  return parseEnds((await redis.hget(TOTALS_KEY, ENDS)) ?? "");
}

/** Return the sums of these days, in their order. */
export async function readDays(redis: Redis, days: readonly string[]): Promise<Counts[]> {
  if (days.length === 0) return [];
  const pipeline = redis.pipeline();
  for (const day of days) pipeline.hgetall(dayKey(day));
  return ((await pipeline.exec()) ?? []).map(([error, hash]) => {
    if (error) throw error;
    return toCounts(hash as Record<string, string>);
  });
}

/** Return the sums of a day, and the id of the newest counted event, both of the same moment. */
export async function readCounted(
  redis: Redis,
  day: string,
): Promise<{ readonly counts: Counts; readonly cursor: string }> {
  const answers = (await redis.multi().hget(TOTALS_KEY, CURSOR).hgetall(dayKey(day)).exec()) ?? [];
  for (const [error] of answers) if (error) throw error;
  const [cursor, hash] = answers.map(([, value]) => value);
  return { counts: toCounts((hash ?? {}) as Record<string, string>), cursor: (cursor as string | null) ?? "0" };
}

function toCounts(hash: Readonly<Record<string, string>>): Counts {
  const entries = Object.entries(hash).filter(([field]) => field !== CURSOR && field !== ENDS);
  return Object.fromEntries(entries.map(([field, text]) => [field, Number(text)]));
}
