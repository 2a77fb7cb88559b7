import { z } from "zod";
import type { Figures, Usage } from "./usage.ts";

// Not in `usage.ts`: the proxy of each run imports that file, and would start 70 ms later with zod.

export const usageSchema = z.object({
  inputTokens: z.number().nonnegative(),
  outputTokens: z.number().nonnegative(),
  cacheReadTokens: z.number().nonnegative(),
  cacheWriteTokens: z.number().nonnegative(),
  costUsd: z.number().nonnegative(),
  turns: z.number().nonnegative(),
  durationMs: z.number().nonnegative(),
}) satisfies z.ZodType<Usage>;

export const figuresSchema = z.object({
  input: z.number(),
  output: z.number(),
  cacheRead: z.number(),
  cacheWrite: z.number(),
  costUsd: z.number(),
}) satisfies z.ZodType<Figures>;
