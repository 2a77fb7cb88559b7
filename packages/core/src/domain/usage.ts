import { z } from "zod";
import { formatDuration, formatNumber, formatUsd } from "./formats.ts";

/** What the agent work of an issue has cost, summed over its runs. */
export const usageSchema = z.object({
  inputTokens: z.number().nonnegative(),
  outputTokens: z.number().nonnegative(),
  cacheReadTokens: z.number().nonnegative(),
  cacheWriteTokens: z.number().nonnegative(),
  costUsd: z.number().nonnegative(),
  turns: z.number().nonnegative(),
  /** Time agents ran, in ms. */
  durationMs: z.number().nonnegative(),
});
export type Usage = z.infer<typeof usageSchema>;

export const NO_USAGE: Usage = {
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  costUsd: 0,
  turns: 0,
  durationMs: 0,
};

export function addUsage(a: Usage, b: Usage): Usage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
    cacheWriteTokens: a.cacheWriteTokens + b.cacheWriteTokens,
    costUsd: a.costUsd + b.costUsd,
    turns: a.turns + b.turns,
    durationMs: a.durationMs + b.durationMs,
  };
}

export function totalTokens(usage: Usage): number {
  return usage.inputTokens + usage.outputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
}

/** `8 s · 12,345 tokens · $0.42`; leaves out what is not known. */
export function formatUsage(usage: Usage): string {
  const tokens = totalTokens(usage);
  return [
    formatDuration(usage.durationMs),
    ...(tokens > 0 ? [`${formatNumber(tokens)} tokens`] : []),
    ...(usage.costUsd > 0 ? [formatUsd(usage.costUsd)] : []),
  ].join(" · ");
}
