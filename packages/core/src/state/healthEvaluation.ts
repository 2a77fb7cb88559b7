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
  /** Epoch ms of the check. */
  at: z.number(),
  /** Epoch ms at which the health reached this level. */
  since: z.number(),
  /** Epoch ms since which no reason requires the hold `health`; null: a reason requires it, or there is no such hold. */
  calmSince: z.number().nullable(),
});
/** The scheduler's evaluation of the health of tac8, as it publishes it. */
export type HealthEvaluation = z.infer<typeof evaluationSchema>;

/** An unchanged evaluation is published again only after this time, because Redis writes each one to its disk. */
const REFRESH_MS = 25_000;

/**
 * An older evaluation is ignored, because its scheduler is no longer running. Its time is by the scheduler's clock, which may differ from a runner's
 * by a minute, and another scheduler may need 45 s to become active.
 */
export const EVALUATION_EXPIRES_MS = REFRESH_MS + 65_000;

/** Publish the evaluation, unless `before`, the last published one, is equal and recent. */
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

/** Return the reasons of a recent evaluation; none if the scheduler is no longer running, so that its old reasons do not slow down runners. Pure. */
export function currentReasons(evaluation: HealthEvaluation | null, now: number): HealthEvaluation["reasons"] {
  return evaluation !== null && now - evaluation.at <= EVALUATION_EXPIRES_MS ? evaluation.reasons : [];
}

/** Return the evaluation as text, in the schema's order of keys and without the time. */
function wordsOf(evaluation: HealthEvaluation): string {
  return JSON.stringify(evaluationSchema.parse({ ...evaluation, at: 0 }));
}

function parse(text: string | null): HealthEvaluation | null {
  try {
    return evaluationSchema.safeParse(JSON.parse(text ?? "null")).data ?? null;
  } catch {
    return null; // Written by another version.
  }
}
