import { formatDuration, formatNumber, formatUsd } from "./formats.ts";

/** Tokens that agents have used, as the model's API counts them. `inputTokens` excludes cached tokens. */
export interface Tokens {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
}

/** Tokens, and their cost in US dollars. */
export interface ModelUsage extends Tokens {
  readonly costUsd: number;
}

/** Usage of the agents of an issue, summed over its runs. Its schema: `usageSchemas.ts`. */
export interface Usage extends ModelUsage {
  readonly turns: number;
  /** Total duration of agent runs, in ms. */
  readonly durationMs: number;
}

export const NO_TOKENS: Tokens = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };
export const NO_MODEL_USAGE: ModelUsage = { ...NO_TOKENS, costUsd: 0 };
export const NO_USAGE: Usage = { ...NO_MODEL_USAGE, turns: 0, durationMs: 0 };

/** Create tokens field by field. */
export function tokensBy(value: (field: keyof Tokens) => number): Tokens {
  return {
    inputTokens: value("inputTokens"),
    outputTokens: value("outputTokens"),
    cacheReadTokens: value("cacheReadTokens"),
    cacheWriteTokens: value("cacheWriteTokens"),
  };
}

/** Create the usage of a model field by field. */
export function modelUsageBy(value: (field: keyof ModelUsage) => number): ModelUsage {
  return { ...tokensBy(value), costUsd: value("costUsd") };
}

export function addTokens(a: Tokens, b: Tokens): Tokens {
  return tokensBy((field) => a[field] + b[field]);
}

export function addModelUsage(a: ModelUsage, b: ModelUsage): ModelUsage {
  return modelUsageBy((field) => a[field] + b[field]);
}

export function addUsage(a: Usage, b: Usage): Usage {
  return { ...addModelUsage(a, b), turns: a.turns + b.turns, durationMs: a.durationMs + b.durationMs };
}

export function totalTokens(tokens: Tokens): number {
  return tokens.inputTokens + tokens.outputTokens + tokens.cacheReadTokens + tokens.cacheWriteTokens;
}

/** Format a usage: `8 s · 12,345 tokens · $0.42`. Unknown parts are omitted. */
export function formatUsage(usage: Usage): string {
  const tokens = totalTokens(usage);
  return [
    formatDuration(usage.durationMs),
    ...(tokens > 0 ? [`${formatNumber(tokens)} tokens`] : []),
    ...(usage.costUsd > 0 ? [formatUsd(usage.costUsd)] : []),
  ].join(" · ");
}

/** Usage of a model, in the form of the event log, of a run's live stream and of reports. Its schema: `usageSchemas.ts`. */
export interface Figures {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly costUsd: number;
}

export const NO_FIGURES: Figures = toFigures(NO_MODEL_USAGE);

export function toFigures(usage: ModelUsage): Figures {
  return {
    input: usage.inputTokens,
    output: usage.outputTokens,
    cacheRead: usage.cacheReadTokens,
    cacheWrite: usage.cacheWriteTokens,
    costUsd: usage.costUsd,
  };
}

export function addFigures(a: Figures, b: Figures): Figures {
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    cacheRead: a.cacheRead + b.cacheRead,
    cacheWrite: a.cacheWrite + b.cacheWrite,
    costUsd: a.costUsd + b.costUsd,
  };
}

/** Return the sum of all kinds of tokens. */
export function tokensIn({ input, output, cacheRead, cacheWrite }: Figures): number {
  return input + output + cacheRead + cacheWrite;
}
