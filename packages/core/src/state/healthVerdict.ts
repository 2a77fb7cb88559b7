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

const verdictSchema = z.object({
  level: z.enum(LEVELS),
  reasons: z.array(reasonSchema).readonly(),
  /** Epoch ms of the look that it comes from. */
  at: z.number(),
  /** Epoch ms since when it has been this level. */
  since: z.number(),
  /** Epoch ms since when nothing asks for the hold `health` any more; null: something does, or there is none. */
  calmSince: z.number().nullable(),
});
/** How the scheduler judges all of tac8, as it tells everybody. */
export type Verdict = z.infer<typeof verdictSchema>;

/** One that is older says nothing any more: its scheduler is gone. */
export const VERDICT_GONE_MS = 60_000;

export async function publishVerdict(redis: Redis, verdict: Verdict): Promise<void> {
  await redis.set(HEALTH_KEY, JSON.stringify(verdict));
}

export async function readVerdict(redis: Redis): Promise<Verdict | null> {
  return parse(await redis.get(HEALTH_KEY));
}

function parse(text: string | null): Verdict | null {
  try {
    return verdictSchema.safeParse(JSON.parse(text ?? "null")).data ?? null;
  } catch {
    return null; // Written by another version: as good as absent.
  }
}
