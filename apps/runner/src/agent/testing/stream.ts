import type { Json } from "@tac8/core/conversation/json";
import { INITIAL, reduce, type ClaudeState } from "../claude/reduce.ts";

/** Lines of the CLI's stream in the shapes of captured ones, without what nobody reads. */
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
  /** Of the assistant's event; null: none. */
  readonly error?: string | null;
  readonly status?: number | null;
  /** `api_error_type` of both. */
  readonly type?: string;
  readonly words: string;
  /** Of the result alone. */
  readonly result?: Json;
}

/** How the CLI ends where a call to the model's API failed: its own words in the model's place, then the result. */
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

/** A result; a success with these words unless it is told otherwise. */
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

/** A success by which the model has said nothing, twice. */
export const nothing: Json = end({ usage: { input_tokens: 0, output_tokens: 0 } });

export function read(events: readonly Json[]): ClaudeState {
  return events.reduce<ClaudeState>(reduce, INITIAL);
}
