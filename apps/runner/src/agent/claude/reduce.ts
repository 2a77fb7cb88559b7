import { NO_DENIALS, withDenials, type Denials } from "./denials.ts";
import { awaitsTask, describeOpen, NOTHING_OPEN, withOpen, type LeftOpen } from "./leftOpen.ts";
import type { AgentSummary, ClaudeResult, ModelUsage, RateLimit, Usage } from "../types.ts";
import { asArray, asCount, asObject, asString, contentOf, type Json } from "@tac8/core/conversation/json";

/** What is known of a run after some of its events. */
export interface ClaudeState extends AgentSummary {
  /** How many results were seen: more than one when a background task or a sub-agent reports later. */
  readonly results: number;
  readonly calls: Denials;
  readonly open: LeftOpen;
  /** The words of the newest result that had any. */
  readonly lastAnswer: string;
  /** Status of the last failed API call that the CLI retried; null: none, or no answer at all. */
  readonly lastRetryStatus: number | null;
  readonly interrupted: boolean;
}

export const NO_USAGE: Usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheCreationTokens: 0 };

export const INITIAL: ClaudeState = {
  result: null,
  finished: false,
  usage: NO_USAGE,
  costUsd: 0,
  models: {},
  turns: 0,
  lastText: "",
  sessionId: null,
  rateLimit: null,
  results: 0,
  calls: NO_DENIALS,
  open: NOTHING_OPEN,
  denials: [],
  unfinished: [],
  lastAnswer: "",
  lastRetryStatus: null,
  interrupted: false,
};

const MAX_TEXT = 60_000;
/** Of one result; a run knows two or three. */
const MAX_MODELS = 10;

/** The state after one more event. */
export function reduce(state: ClaudeState, event: Json): ClaudeState {
  const base = withWork(withRateLimit(withSession(state, event), event), event);
  switch (event["type"]) {
    case "system":
      return reduceSystem(base, event);
    case "assistant":
      return reduceAssistant({ ...base, finished: false }, event);
    case "user":
    case "stream_event":
      return { ...base, finished: false };
    case "result":
      return reduceResult(base, event);
    default:
      return base;
  }
}

function withWork(state: ClaudeState, event: Json): ClaudeState {
  const calls = withDenials(state.calls, event);
  const open = withOpen(state.open, event);
  return { ...state, calls, denials: calls.denied, open, unfinished: describeOpen(open) };
}

function withSession(state: ClaudeState, event: Json): ClaudeState {
  const sessionId = asString(event["session_id"]);
  return sessionId === null || sessionId === state.sessionId ? state : { ...state, sessionId };
}

/** `rate_limit_event` carries it, and so does a refused answer itself. */
function withRateLimit(state: ClaudeState, event: Json): ClaudeState {
  const info = asObject(event["rate_limit_info"]);
  const status = asString(info?.["status"]);
  if (info === null || status === null) return state;
  const seconds = asCount(info["resetsAt"]);
  const rateLimit: RateLimit = { status, resetsAt: seconds > 0 ? seconds * 1000 : null };
  return { ...state, rateLimit };
}

function reduceSystem(state: ClaudeState, event: Json): ClaudeState {
  // A task in the background, or a sub-agent, has reported: another turn begins.
  if (event["subtype"] === "init") return { ...state, finished: false };
  if (event["subtype"] !== "api_retry") return state;
  const status = event["error_status"];
  return { ...state, lastRetryStatus: typeof status === "number" ? status : null };
}

function reduceAssistant(state: ClaudeState, event: Json): ClaudeState {
  // A sub-agent's words are not the agent's; an API error is the CLI's, and comes again in the result.
  if (asString(event["parent_tool_use_id"]) !== null || event["is_api_error_message"] === true) return state;
  return contentOf(event).reduce((now, block) => {
    const text = block["type"] === "text" ? asString(block["text"])?.trim() : undefined;
    return text ? { ...now, lastText: text.slice(0, MAX_TEXT) } : now;
  }, state);
}

function reduceResult(state: ClaudeState, event: Json): ClaudeState {
  const result = resultOf(event);
  const lastAnswer = result.isError || result.text === "" ? state.lastAnswer : result.text;
  const models = Object.entries(asObject(event["model_usage_since_last_result"]) ?? {})
    .slice(0, MAX_MODELS)
    .map(([name, figures]) => [name.slice(0, 100), modelUsage(asObject(figures) ?? {})] as const);
  return {
    ...state,
    result,
    finished: !result.isError && !awaitsTask(state.open),
    results: state.results + 1,
    turns: state.turns + asCount(event["num_turns"]),
    // Only these figures can be summed: the totals count earlier results and resumed runs again.
    usage: models.reduce<Usage>((sum, [, model]) => addUsage(sum, model), state.usage),
    costUsd: models.reduce((sum, [, model]) => sum + model.costUsd, state.costUsd),
    models: models.reduce(addModel, state.models),
    // What it said on the way is no answer.
    lastText: result.isError ? state.lastText : lastAnswer,
    lastAnswer,
    interrupted: state.interrupted || (result.terminalReason?.startsWith("aborted") ?? false),
  };
}

function resultOf(event: Json): ClaudeResult {
  const status = event["api_error_status"];
  return {
    subtype: asString(event["subtype"]) ?? "",
    // Absent would be a new shape of the event: nothing may pass for a success by that.
    isError: event["is_error"] !== false,
    terminalReason: asString(event["terminal_reason"]),
    apiStatus: typeof status === "number" ? status : null,
    text: (asString(event["result"]) ?? "").trim().slice(0, MAX_TEXT),
    errors: asArray(event["errors"])
      .slice(0, 20)
      .map((error) => (typeof error === "string" ? error : JSON.stringify(error)).slice(0, 1000)),
  };
}

function modelUsage(figures: Json): ModelUsage {
  return {
    inputTokens: asCount(figures["inputTokens"]),
    outputTokens: asCount(figures["outputTokens"]),
    cacheReadTokens: asCount(figures["cacheReadInputTokens"]),
    cacheCreationTokens: asCount(figures["cacheCreationInputTokens"]),
    costUsd: asCount(figures["costUSD"]),
  };
}

function addUsage(sum: Usage, model: Usage): Usage {
  return {
    inputTokens: sum.inputTokens + model.inputTokens,
    outputTokens: sum.outputTokens + model.outputTokens,
    cacheReadTokens: sum.cacheReadTokens + model.cacheReadTokens,
    cacheCreationTokens: sum.cacheCreationTokens + model.cacheCreationTokens,
  };
}

function addModel(models: ClaudeState["models"], [name, usage]: readonly [string, ModelUsage]): ClaudeState["models"] {
  const before = models[name] ?? { ...NO_USAGE, costUsd: 0 };
  return { ...models, [name]: { ...addUsage(before, usage), costUsd: before.costUsd + usage.costUsd } };
}
