import { asCount, asObject, asString, parseEvent, type Json } from "@tac8/core/conversation/json";
import type { ModelPrice } from "@tac8/core/config/routing";
import { addTokens, NO_TOKENS, totalTokens, type ModelUsage, type Tokens } from "@tac8/core/domain/usage";
import type { AgentSummary } from "../types.ts";

/** What a command's output has said of tokens so far. */
export interface ReportedUsage {
  /** Of its last `result`: it counts everything. */
  readonly result: ModelUsage | null;
  /** Summed over its answers. */
  readonly answers: Tokens;
  readonly model: string | null;
}

export const NOTHING_REPORTED: ReportedUsage = { result: null, answers: NO_TOKENS, model: null };

/**
 * What is known after one more line. Programs tell it in lines of JSON that have a `usage`, at the top or in a `message`, in
 * Anthropic's words or OpenAI's; a line of type `result` sums up, and may have `total_cost_usd`.
 */
export function readUsage(reported: ReportedUsage, line: string): ReportedUsage {
  if (!line.includes('"usage"') && !line.includes('"model"')) return reported;
  const event = parseEvent(line);
  if (event === null) return reported;
  const message = asObject(event["message"]) ?? {};
  const model = asString(event["model"]) ?? asString(message["model"]) ?? reported.model;
  const raw = asObject(event["usage"]) ?? asObject(message["usage"]);
  if (raw === null) return { ...reported, model };
  const usage = usageOf(raw);
  if (event["type"] === "result") {
    return { ...reported, model, result: { ...usage, costUsd: asCount(event["total_cost_usd"]) } };
  }
  return { ...reported, model, answers: addTokens(reported.answers, usage) };
}

/**
 * The figures of the run. A cost that was not reported is reckoned by the price of the model; tokens from a cache have no price
 * there, so it is what they would cost without.
 */
export function figuresOf(
  { result, answers, model }: ReportedUsage,
  { asked, prices }: { readonly asked: string; readonly prices: Readonly<Record<string, ModelPrice>> },
): Pick<AgentSummary, "usage" | "costUsd" | "models"> {
  const { costUsd: reported, ...usage } = result ?? { ...answers, costUsd: 0 };
  const tokens = totalTokens(usage);
  if (tokens === 0 && reported === 0) return { usage, costUsd: 0, models: {} };
  const name = (model ?? asked).slice(0, 100);
  const price = priceOf(prices, name) ?? priceOf(prices, asked) ?? { input: 0, output: 0 };
  const input = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
  const costUsd = reported > 0 ? reported : (input * price.input + usage.outputTokens * price.output) / 1_000_000;
  return { usage, costUsd, models: { [name]: { ...usage, costUsd } } };
}

function priceOf(prices: Readonly<Record<string, ModelPrice>>, name: string): ModelPrice | undefined {
  return Object.hasOwn(prices, name) ? prices[name] : undefined;
}

function usageOf(raw: Json): Tokens {
  return {
    inputTokens: asCount(raw["input_tokens"]) + asCount(raw["prompt_tokens"]),
    outputTokens: asCount(raw["output_tokens"]) + asCount(raw["completion_tokens"]),
    cacheReadTokens: asCount(raw["cache_read_input_tokens"]),
    cacheWriteTokens: asCount(raw["cache_creation_input_tokens"]),
  };
}
