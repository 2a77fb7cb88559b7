import type { Json } from "@tac8/core/conversation/json";
import { INITIAL, reduce, type ClaudeState } from "../claude/reduce.ts";

/** Lines of the CLI's stream in the shapes of captured ones, without fields that tac8 does not read. */
const session_id = "2fa30972-c993-45f8-abf8-0712c32612aa";
export const REQUEST = "req_011CYEFwLV3CotFyg7Xr7zVy";

export const init: Json = { type: "system", subtype: "init", session_id, model: "claude-opus-4-8" };

export function retry(error_status: number | null, error: string): Json {
  const times = { attempt: 1, max_retries: 10, retry_delay_ms: 600 };
  return { type: "system", subtype: "api_retry", ...times, error_status, error, session_id };
}

function assistant(content: readonly Json[], more: Json = {}): Json {
  const message = { id: "msg_1", type: "message", role: "assistant", model: "claude-opus-4-8", content };
  return { type: "assistant", message, parent_tool_use_id: null, session_id, ...more };
}

export const text = (words: string): Json => assistant([{ type: "text", text: words }]);
export const thinking = (words: string): Json => assistant([{ type: "thinking", thinking: words, signature: "c2ln" }]);
export const toolUse: Json = assistant([{ type: "tool_use", id: "toolu_1", name: "Bash", input: { command: "true" } }]);
export const toolResult: Json = {
  type: "user",
  message: { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: "", is_error: false }] },
  parent_tool_use_id: null,
  session_id,
};

export interface ReportedFailure {
  /** From the assistant's event; null if it has none. */
  readonly error?: string | null;
  readonly status?: number | null;
  /** `api_error_type` of both events. */
  readonly type?: string;
  readonly words: string;
  /** Fields of the result only. */
  readonly result?: Json;
}

/**
 * Return the events of a failed call to the model's API: the CLI's own words as a message of the model, then the
 * result.
 */
export function apiFailure({ error = "unknown", status = null, type, words, result = {} }: ReportedFailure): Json[] {
  const reported = { api_error_status: status, ...(type === undefined ? {} : { api_error_type: type }) };
  const message = { model: "<synthetic>", role: "assistant", content: [{ type: "text", text: words }] };
  const marks = { is_api_error_message: true, ...(error === null ? {} : { error }), request_id: REQUEST, ...reported };
  return [
    { type: "assistant", message, parent_tool_use_id: null, session_id, ...marks },
    end({
      is_error: true,
      terminal_reason: "api_error",
      stop_reason: "stop_sequence",
      result: words,
      ...reported,
      ...result,
    }),
  ];
}

/** Return a result; by default a success with these words. */
export function end(more: Json = {}): Json {
  return {
    type: "result",
    subtype: "success",
    is_error: false,
    terminal_reason: "completed",
    stop_reason: "end_turn",
    api_error_status: null,
    num_turns: 1,
    result: "",
    session_id,
    model_usage_since_last_result: {},
    ...more,
  };
}

/** A success for which the model wrote nothing, twice. */
export const nothing: Json = end({ usage: { input_tokens: 0, output_tokens: 0 } });

export function read(events: readonly Json[]): ClaudeState {
  return events.reduce<ClaudeState>(reduce, INITIAL);
}
