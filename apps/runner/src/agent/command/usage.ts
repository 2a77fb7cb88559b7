import { asCount, asObject, asString, parseEvent, type Json } from "@tac8/core/conversation/json";
import type { ModelPrice } from "@tac8/core/config/routing";
import { addTokens, NO_TOKENS, totalTokens, type ModelUsage, type Tokens } from "@tac8/core/domain/usage";
import type { AgentSummary } from "../types.ts";

/** Token usage that a command's output has reported so far. */
export interface ReportedUsage {
  /** From its last `result`, which counts everything. */
  readonly result: ModelUsage | null;
  /** Sum over its answers. */
  readonly answers: Tokens;
  readonly model: string | null;
}

export const NOTHING_REPORTED: ReportedUsage = { result: null, answers: NO_TOKENS, model: null };

/**
 * Return the usage after one more line. Programs report it in lines of JSON with a `usage`, at the top level or in a
 * `message`, with the field names of Anthropic or OpenAI. A line of type `result` has the totals, and may have
 * `total_cost_usd`.
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
 * Return the usage of the run. A cost that was not reported is calculated from the price of the model. Cached tokens
 * have no price there, so they cost as much as tokens that are not cached.
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
