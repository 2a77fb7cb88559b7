import { addFigures, NO_FIGURES, tokensIn, type Figures } from "../domain/usage.ts";
import type { LiveEvent } from "./event.ts";
import { asCount, asObject, type Json } from "./json.ts";

/** Usage of a run after some of its events. */
export interface LiveUsage {
  /** Usage that its results have reported: tokens and cost are exact. */
  readonly settled: Figures;
  /** Tokens since the last result: a lower bound, without cost. */
  readonly open: Figures;
  readonly turns: number;
  readonly results: number;
}

export const NO_LIVE_USAGE: LiveUsage = { settled: NO_FIGURES, open: NO_FIGURES, turns: 0, results: 0 };

/** Return the usage after one more event. */
export function addEventUsage(before: LiveUsage, { kind, figures, turns }: LiveEvent): LiveUsage {
  if (kind === "result") {
    return {
      settled: figures === undefined ? before.settled : addFigures(before.settled, figures),
      open: NO_FIGURES,
      turns: before.turns + (turns ?? 0),
      results: before.results + 1,
    };
  }
  return figures === undefined ? before : { ...before, open: addFigures(before.open, figures) };
}

export function totalUsage({ settled, open }: LiveUsage): Figures {
  return addFigures(settled, open);
}

/** Return the usage of a run with these events, from its first one on. */
export function liveUsageOf(events: readonly LiveEvent[]): LiveUsage {
  return events.reduce(addEventUsage, NO_LIVE_USAGE);
}

/** Maximum number of models. */
const MAX_MODELS = 10;

/** Return the figures of a `result` event. Only these can be summed: the event's totals include earlier results and resumed runs. */
export function figuresSinceLastResult(result: Json): Figures {
  return Object.values(asObject(result["model_usage_since_last_result"]) ?? {})
    .slice(0, MAX_MODELS)
    .map((model) => asObject(model) ?? {})
    .map((model) => ({
      input: asCount(model["inputTokens"]),
      output: asCount(model["outputTokens"]),
      cacheRead: asCount(model["cacheReadInputTokens"]),
      cacheWrite: asCount(model["cacheCreationInputTokens"]),
      costUsd: asCount(model["costUSD"]),
    }))
    .reduce(addFigures, NO_FIGURES);
}

/** Return the figures of a model's response, from its `usage`; null: no usage. */
export function figuresOfMessage(message: Json): Figures | null {
  const usage = asObject(message["usage"]) ?? {};
  const figures = {
    input: asCount(usage["input_tokens"]),
    output: asCount(usage["output_tokens"]),
    cacheRead: asCount(usage["cache_read_input_tokens"]),
    cacheWrite: asCount(usage["cache_creation_input_tokens"]),
    costUsd: 0,
  };
  return tokensIn(figures) > 0 ? figures : null;
}
