import type { Redis } from "ioredis";
import { z } from "zod";
import { cleanResultKey, cleanRequestKey } from "./keys.ts";

const askSchema = z.object({ id: z.string(), dryRun: z.boolean() });
/** A request to a runner to clean up its data folder now; with `dryRun`, only to report what it would remove. */
export type CleanRequest = z.infer<typeof askSchema>;

const itemSchema = z.object({
  kind: z.string(),
  /** Job id; null: the item belongs to a single run. */
  issue: z.string().nullable(),
  /** Absolute paths on the runner's machine. */
  paths: z.array(z.string()),
});
const resultSchema = z.object({
  runner: z.string(),
  /** Id of the data folder, which several runners may share. */
  homeId: z.string(),
  home: z.string(),
  /** The first removed items; `why`: the item was too old, or disk space was low. */
  removed: z.array(itemSchema.extend({ why: z.enum(["age", "pressure"]), bytes: z.number() })),
  removedCount: z.number(),
  bytes: z.number(),
  /** The first items that were due but are kept. */
  kept: z.array(itemSchema.extend({ reason: z.string() })),
  keptCount: z.number(),
  /** Why the cleanup failed; null: it succeeded. */
  problem: z.string().nullable(),
});
export type CleanResult = z.infer<typeof resultSchema>;

/** Maximum number of items of each list in a result. */
export const MAX_NAMED = 200;
const ASK_MS = 60_000;
const RESULT_SECONDS = 600;

/** Request a cleanup. @returns false when another process has just requested one from the same runner */
export async function requestCleaning(redis: Redis, runner: string, ask: CleanRequest): Promise<boolean> {
  return (await redis.set(cleanRequestKey(runner), JSON.stringify(ask), "PX", ASK_MS, "NX")) === "OK";
}

/** Return whether a runner has not received the request yet. */
export async function isCleanRequestPending(redis: Redis, runner: string): Promise<boolean> {
  return (await redis.exists(cleanRequestKey(runner))) === 1;
}

export async function withdrawCleanRequest(redis: Redis, runner: string): Promise<void> {
  await redis.del(cleanRequestKey(runner));
}

/** Return the request to a runner, and remove it. */
export async function takeCleanRequest(redis: Redis, runner: string): Promise<CleanRequest | null> {
  return parse(askSchema, await redis.getdel(cleanRequestKey(runner)));
}

export async function reportCleaning(redis: Redis, id: string, result: CleanResult): Promise<void> {
  await redis
    .multi()
    .rpush(cleanResultKey(id), JSON.stringify(result))
    .expire(cleanResultKey(id), RESULT_SECONDS)
    .exec();
}

/** Wait for the next result, for at most `seconds`; null: there is none yet. */
export async function nextCleanResult(redis: Redis, id: string, seconds: number): Promise<CleanResult | null> {
  const found = await redis.blpop(cleanResultKey(id), seconds);
  return parse(resultSchema, found?.[1] ?? null);
}

function parse<T>(schema: z.ZodType<T>, text: string | null): T | null {
  try {
    return text === null ? null : (schema.safeParse(JSON.parse(text)).data ?? null);
  } catch {
    return null; // Written by another version.
  }
}
