import type { Redis } from "ioredis";
import { z } from "zod";
import { HEALTH_KEY } from "./keys.ts";
import { LEVELS } from "../domain/healthLevels.ts";

const reasonSchema = z.object({
  level: z.enum(["warning", "degraded", "critical"]),
  code: z.string(),
  text: z.string(),
  action: z.enum(["slow", "hold"]).nullable(),
  host: z.string().nullable(),
});

const evaluationSchema = z.object({
  level: z.enum(LEVELS),
  reasons: z.array(reasonSchema).readonly(),
  /** Epoch ms of the check that it comes from. */
  at: z.number(),
  /** Epoch ms since when it has been this level. */
  since: z.number(),
  /** Epoch ms since when nothing asks for the hold `health` any more; null: something does, or there is none. */
  calmSince: z.number().nullable(),
});
/** How the scheduler evaluates all of tac8, as it tells everybody. */
export type HealthEvaluation = z.infer<typeof evaluationSchema>;

/** How old it may be where nothing has changed: each time is a write to the disk of Redis. */
const REFRESH_MS = 25_000;

/**
 * One that is older says nothing any more: its scheduler ended. Its time is by the scheduler's clock, from which a runner's may
 * differ by a minute; and another scheduler may take 45 s to take over.
 */
export const EVALUATION_EXPIRES_MS = REFRESH_MS + 65_000;

/** Tells it, unless `before`, what was reported last, says the same and is not old. */
export async function publishEvaluation(
  redis: Redis,
  evaluation: HealthEvaluation,
  before: HealthEvaluation | null = null,
): Promise<void> {
  const same = before !== null && wordsOf(before) === wordsOf(evaluation);
  const age = evaluation.at - (before?.at ?? 0);
  if (same && age >= 0 && age < REFRESH_MS) return;
  await redis.set(HEALTH_KEY, JSON.stringify(evaluation));
}

export async function readEvaluation(redis: Redis): Promise<HealthEvaluation | null> {
  return parse(await redis.get(HEALTH_KEY));
}

/** What was found of late; empty where the scheduler ended, so that it slows nobody down for ever. Pure. */
export function currentReasons(evaluation: HealthEvaluation | null, now: number): HealthEvaluation["reasons"] {
  return evaluation !== null && now - evaluation.at <= EVALUATION_EXPIRES_MS ? evaluation.reasons : [];
}

/** By the schema's order of keys, and without the time. */
function wordsOf(evaluation: HealthEvaluation): string {
  return JSON.stringify(evaluationSchema.parse({ ...evaluation, at: 0 }));
}

function parse(text: string | null): HealthEvaluation | null {
  try {
    return evaluationSchema.safeParse(JSON.parse(text ?? "null")).data ?? null;
  } catch {
    return null; // Written by another version: as good as absent.
  }
}
