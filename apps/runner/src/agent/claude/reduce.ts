import { NO_DENIALS, withDenials, type Denials } from "./denials.ts";
import { awaitsTask, describeOpen, NOTHING_OPEN, withOpen, type LeftOpen } from "./leftOpen.ts";
import type { AgentSummary, ClaudeResult, RateLimit, ApiFailure } from "../types.ts";
import { epochMs } from "../resetTime.ts";
import {
  addModelUsage,
  addTokens,
  NO_MODEL_USAGE,
  NO_TOKENS,
  type ModelUsage,
  type Tokens,
} from "@tac8/core/domain/usage";
import { asArray, asCount, asObject, asString, contentOf, type Json } from "@tac8/core/conversation/json";

/** State of a run after some of its events. */
export interface ClaudeState extends AgentSummary {
  /** Number of results: more than one if a background task or a sub-agent reports later. */
  readonly results: number;
  readonly calls: Denials;
  readonly open: LeftOpen;
  /** Text of the newest result that has text. */
  readonly lastAnswer: string;
  readonly interrupted: boolean;
}

export const INITIAL: ClaudeState = {
  result: null,
  finished: false,
  usage: NO_TOKENS,
  costUsd: 0,
  models: {},
  turns: 0,
  lastText: "",
  sessionId: null,
  rateLimit: null,
  apiFailure: null,
  worked: false,
  results: 0,
  calls: NO_DENIALS,
  open: NOTHING_OPEN,
  denials: [],
  unfinished: [],
  lastAnswer: "",
  interrupted: false,
};

const MAX_TEXT = 60_000;
/** Limit for one result; a run has two or three models. */
const MAX_MODELS = 10;

/** Return the state after one more event. */
export function reduce(state: ClaudeState, event: Json): ClaudeState {
  const base = withWork(withRateLimit(withSession(state, event), event), event);
  switch (event["type"]) {
    case "system":
      return reduceSystem(base, event);
    case "assistant":
      return reduceAssistant({ ...base, finished: false }, event);
    case "user":
    case "stream_event":
      return { ...base, finished: false, apiFailure: null };
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

/** Read the limit from a `rate_limit_event`, or from a refused answer. */
function withRateLimit(state: ClaudeState, event: Json): ClaudeState {
  const info = asObject(event["rate_limit_info"]);
  const status = asString(info?.["status"]);
  if (info === null || status === null) return state;
  const time = asCount(info["resetsAt"]);
  const rateLimit: RateLimit = { status, resetsAt: time > 0 ? epochMs(time) : null };
  return { ...state, rateLimit };
}

function reduceSystem(state: ClaudeState, event: Json): ClaudeState {
  // A background task or a sub-agent has reported, so another turn starts.
  if (event["subtype"] === "init") return { ...state, finished: false };
  if (event["subtype"] !== "api_retry") return state;
  return { ...state, apiFailure: failureIn(event, { status: event["error_status"], retrying: true }) };
}

function failureIn(event: Json, { status, retrying }: { status: unknown; retrying: boolean }): ApiFailure {
  const codes = codesOf(event["error"], event["api_error"], event["api_error_type"]);
  return { codes, status: statusOf(status), retrying };
}

/** The model's name in messages that the CLI writes itself because there was no answer. */
const SYNTHETIC = "<synthetic>";

function reduceAssistant(state: ClaudeState, event: Json): ClaudeState {
  const ofSubAgent = asString(event["parent_tool_use_id"]) !== null;
  if (event["is_api_error_message"] === true || asString(event["error"]) !== null) {
    // The result repeats the failure. A failure of a sub-agent is handled by the agent.
    if (ofSubAgent) return state;
    return { ...state, apiFailure: failureIn(event, { status: event["api_error_status"], retrying: false }) };
  }
  if (asObject(event["message"])?.["model"] === SYNTHETIC) return state;
  const blocks = contentOf(event);
  const texts = blocks.flatMap((block) => (block["type"] === "text" ? (asString(block["text"])?.trim() ?? "") : []));
  const quoted = ofSubAgent ? undefined : texts.findLast((text) => text !== "");
  return {
    ...state,
    apiFailure: null,
    worked: state.worked || texts.some((text) => text !== "") || blocks.some(({ type }) => isToolCall(type)),
    lastText: quoted === undefined ? state.lastText : quoted.slice(0, MAX_TEXT),
  };
}

function isToolCall(type: unknown): boolean {
  return typeof type === "string" && type.endsWith("tool_use");
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
    // The agent succeeded without the retry.
    apiFailure: !result.isError && state.apiFailure?.retrying === true ? null : state.apiFailure,
    worked: state.worked || (saysSomething(result) && models.some(([, model]) => model.outputTokens > 0)),
    // Only these figures can be summed: the totals count earlier results and resumed runs again.
    usage: models.reduce<Tokens>((sum, [, model]) => addTokens(sum, model), state.usage),
    costUsd: models.reduce((sum, [, model]) => sum + model.costUsd, state.costUsd),
    models: models.reduce(addModel, state.models),
    // Text before the end of the turn is not the answer.
    lastText: result.isError ? state.lastText : lastAnswer,
    lastAnswer,
    interrupted: state.interrupted || (result.terminalReason?.startsWith("aborted") ?? false),
  };
}

function saysSomething({ isError, text }: ClaudeResult): boolean {
  return !isError && text !== "";
}

function resultOf(event: Json): ClaudeResult {
  return {
    subtype: asString(event["subtype"]) ?? "",
    // A missing flag is an unknown shape of the event, which must not pass as a success.
    isError: event["is_error"] !== false,
    terminalReason: asString(event["terminal_reason"]),
    apiStatus: statusOf(event["api_error_status"]),
    codes: codesOf(event["error"], event["api_error"], event["api_error_type"], event["stop_reason"]),
    text: (asString(event["result"]) ?? "").trim().slice(0, MAX_TEXT),
    errors: asArray(event["errors"])
      .slice(0, 20)
      .map((error) => (typeof error === "string" ? error : JSON.stringify(error)).slice(0, 1000)),
  };
}

function statusOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** Collect the codes of fields that have one word each, or nothing. */
function codesOf(...values: readonly unknown[]): string[] {
  return values.flatMap((value) => asString(value)?.slice(0, 100) ?? []);
}

function modelUsage(figures: Json): ModelUsage {
  return {
    inputTokens: asCount(figures["inputTokens"]),
    outputTokens: asCount(figures["outputTokens"]),
    cacheReadTokens: asCount(figures["cacheReadInputTokens"]),
    cacheWriteTokens: asCount(figures["cacheCreationInputTokens"]),
    costUsd: asCount(figures["costUSD"]),
  };
}

function addModel(models: ClaudeState["models"], [name, usage]: readonly [string, ModelUsage]): ClaudeState["models"] {
  return { ...models, [name]: addModelUsage(models[name] ?? NO_MODEL_USAGE, usage) };
}
