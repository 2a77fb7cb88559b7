import type { Redis } from "ioredis";
import { z } from "zod";
import { answerKey, askKey } from "./keys.ts";

const askSchema = z.object({ id: z.string(), dryRun: z.boolean() });
/** Asks a runner to clear up its data folder now; with `dryRun` to say what it would remove. */
export type CleanAsk = z.infer<typeof askSchema>;

const itemSchema = z.object({
  kind: z.string(),
  /** Job id; null where it belongs to a run alone. */
  issue: z.string().nullable(),
  /** Absolute, on the runner's machine. */
  paths: z.array(z.string()),
});
const answerSchema = z.object({
  runner: z.string(),
  /** Runners with the same one share a data folder. */
  homeId: z.string(),
  home: z.string(),
  /** The first of them; `why`: its time is over, or the disk is short. */
  removed: z.array(itemSchema.extend({ why: z.enum(["age", "pressure"]), bytes: z.number() })),
  removedCount: z.number(),
  bytes: z.number(),
  /** What was due and had to stay, the first of them. */
  kept: z.array(itemSchema.extend({ reason: z.string() })),
  keptCount: z.number(),
  /** Why it could not be done; null: it was done. */
  problem: z.string().nullable(),
});
export type CleanAnswer = z.infer<typeof answerSchema>;

/** What an answer names of each list. */
export const MAX_NAMED = 200;
const ASK_MS = 60_000;
const ANSWER_SECONDS = 600;

/** @returns false when another process has just asked the same runner. */
export async function askToClean(redis: Redis, runner: string, ask: CleanAsk): Promise<boolean> {
  return (await redis.set(askKey(runner), JSON.stringify(ask), "PX", ASK_MS, "NX")) === "OK";
}

/** Whether a runner has not heard yet what it was asked. */
export async function isNotRecorded(redis: Redis, runner: string): Promise<boolean> {
  return (await redis.exists(askKey(runner))) === 1;
}

export async function takeBackAsk(redis: Redis, runner: string): Promise<void> {
  await redis.del(askKey(runner));
}

/** What a runner was asked, once. */
export async function takeAsk(redis: Redis, runner: string): Promise<CleanAsk | null> {
  return parse(askSchema, await redis.getdel(askKey(runner)));
}

export async function answerClean(redis: Redis, id: string, answer: CleanAnswer): Promise<void> {
  await redis.multi().rpush(answerKey(id), JSON.stringify(answer)).expire(answerKey(id), ANSWER_SECONDS).exec();
}

/** Waits so long at most; null: there is none yet. */
export async function nextAnswer(redis: Redis, id: string, seconds: number): Promise<CleanAnswer | null> {
  const found = await redis.blpop(answerKey(id), seconds);
  return parse(answerSchema, found?.[1] ?? null);
}

function parse<T>(schema: z.ZodType<T>, text: string | null): T | null {
  try {
    return text === null ? null : (schema.safeParse(JSON.parse(text)).data ?? null);
  } catch {
    return null; // Of another version.
  }
}
