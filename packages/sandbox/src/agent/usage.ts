import type { Usage } from "./script.ts";

export interface ModelUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadInputTokens: number;
  readonly cacheCreationInputTokens: number;
  readonly costUSD: number;
}

export const NO_USAGE: ModelUsage = {
  inputTokens: 0,
  outputTokens: 0,
  cacheReadInputTokens: 0,
  cacheCreationInputTokens: 0,
  costUSD: 0,
};

/** What one call to the model is said to use. */
const CALL: ModelUsage = {
  inputTokens: 100,
  outputTokens: 50,
  cacheReadInputTokens: 2000,
  cacheCreationInputTokens: 1000,
  costUSD: 0.0068,
};

export function add(a: ModelUsage, b: ModelUsage): ModelUsage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    cacheReadInputTokens: a.cacheReadInputTokens + b.cacheReadInputTokens,
    cacheCreationInputTokens: a.cacheCreationInputTokens + b.cacheCreationInputTokens,
    costUSD: a.costUSD + b.costUSD,
  };
}

export function usageOf(calls: number, reported: Usage | undefined): ModelUsage {
  if (reported !== undefined) return { ...NO_USAGE, ...reported };
  return Array.from({ length: calls }).reduce<ModelUsage>((sum) => add(sum, CALL), NO_USAGE);
}

/** Per model, as in a result's `modelUsage`. Nothing used: nothing said. */
export function perModel(model: string, usage: ModelUsage): Record<string, unknown> {
  if (usage.inputTokens + usage.outputTokens + usage.costUSD === 0) return {};
  const { inputTokens, outputTokens, cacheReadInputTokens, cacheCreationInputTokens, costUSD } = usage;
  return {
    [model]: {
      inputTokens,
      outputTokens,
      cacheReadInputTokens,
      cacheCreationInputTokens,
      webSearchRequests: 0,
      costUSD,
      contextWindow: 1_000_000,
      maxOutputTokens: 128_000,
      thinkingTokens: 0,
      cacheCreationEphemeral5mInputTokens: 0,
      cacheCreationEphemeral1hInputTokens: 0,
      canonicalModel: model,
      provider: "firstParty",
      costBasis: "list",
    },
  };
}
