import { randomBytes, randomUUID } from "node:crypto";
import type { Denial } from "./toolEvents.ts";
import { add, perModel, type ModelUsage } from "./usage.ts";

/** One line of the stream. The shapes are those of `claude` 2.1.330; captured streams of it are compared in a test. */
export type Event = Readonly<Record<string, unknown>>;

export interface Speaker {
  readonly session: string;
  readonly model: string;
}

const hex = (bytes: number): string => randomBytes(bytes).toString("hex");

export const messageId = (): string => `msg_${hex(12)}`;

export const toolId = (): string => `toolu_${hex(12)}`;

const now = (): string => new Date().toISOString();

export function init({ session, model }: Speaker, where: { cwd: string; folder: string; pid: number }): Event {
  return {
    type: "system",
    subtype: "init",
    cwd: where.cwd,
    session_id: session,
    tools: ["Bash", "Edit", "Read", "Write"],
    mcp_servers: [],
    model,
    permissionMode: "bypassPermissions",
    slash_commands: ["clear", "compact"],
    terminal_slash_commands: [],
    apiKeySource: "none",
    claude_code_version: "2.1.330",
    output_style: "default",
    agents: ["general-purpose"],
    skills: [],
    plugins: [],
    capabilities: ["interrupt_receipt_v1"],
    analytics_disabled: true,
    product_feedback_disabled: true,
    served_by_anthropic: false,
    uuid: randomUUID(),
    memory_paths: { auto: `${where.folder}/projects/${where.cwd.replace(/[^a-zA-Z0-9]/g, "-")}/memory/` },
    original_cwd: where.cwd,
    additional_directories: [],
    messaging_socket_path: `/tmp/cc-socks/${where.pid}.sock`,
    fast_mode_state: "off",
    fast_mode_disabled_reason: "sdk_opt_in_required",
    per_turn_effort_active: true,
    ultrathink_available: false,
    ultrathink_typed_raises: false,
    view_mode: "default",
  };
}

/** One content block. Blocks of one answer share the message's id. */
export function assistant({ session, model }: Speaker, id: string, block: Event): Event {
  const thinking = block["type"] === "thinking" ? { thinking_duration_ms: 4, thinking_display: "updates" } : {};
  return {
    type: "assistant",
    message: {
      id,
      type: "message",
      role: "assistant",
      model,
      content: [block],
      stop_reason: null,
      stop_sequence: null,
      usage: {
        input_tokens: 100,
        cache_creation_input_tokens: 1000,
        cache_read_input_tokens: 2000,
        output_tokens: 1,
        service_tier: "standard",
      },
      context_management: null,
    },
    parent_tool_use_id: null,
    session_id: session,
    uuid: randomUUID(),
    timestamp: now(),
    request_id: `req_${hex(4)}`,
    ...thinking,
  };
}

export interface ToolAnswer {
  readonly toolUseId: string;
  readonly content: string;
  /** Undefined if the tool does not report it. */
  readonly isError?: boolean;
  readonly detail: unknown;
}

export function toolResult({ session }: Speaker, { toolUseId, content, isError, detail }: ToolAnswer): Event {
  const failed = isError === undefined ? {} : { is_error: isError };
  return {
    type: "user",
    message: { role: "user", content: [{ tool_use_id: toolUseId, type: "tool_result", content, ...failed }] },
    parent_tool_use_id: null,
    session_id: session,
    uuid: randomUUID(),
    timestamp: now(),
    tool_use_result: detail,
    tool_result_meta: [
      { id: toolUseId, permission_decision: { decision: "accept", source: "config", reason_type: "mode" } },
    ],
  };
}

export function interruptedTool({ session }: Speaker, toolUseId: string): Event {
  const content = "The tool use was stopped while running. Wait for the user to say how to go on.";
  return {
    type: "user",
    message: { role: "user", content: [{ type: "tool_result", content, is_error: true, tool_use_id: toolUseId }] },
    parent_tool_use_id: null,
    session_id: session,
    uuid: randomUUID(),
    timestamp: now(),
    tool_use_result: "User rejected tool use",
    tool_result_meta: [{ id: toolUseId, non_execution_kind: "user-rejected" }],
  };
}

export function interrupted({ session }: Speaker, during: "tool" | "text"): Event {
  const text = during === "tool" ? "[Request interrupted by user for tool use]" : "[Request interrupted by user]";
  return {
    type: "user",
    message: { role: "user", content: [{ type: "text", text }] },
    parent_tool_use_id: null,
    session_id: session,
    uuid: randomUUID(),
    timestamp: now(),
  };
}

export const controlResponse = (requestId: string): Event => ({
  type: "control_response",
  response: { subtype: "success", request_id: requestId, response: { still_queued: [] } },
});

export interface ApiFailure {
  readonly status: number | null;
  readonly type: string | null;
  readonly text: string;
  /** Error in the assistant's event. */
  readonly error: string;
  /** Of the result, where they are not those of a failed call. */
  readonly apiError?: string;
  readonly terminalReason?: string;
  readonly stopReason?: string;
}

/** Return the CLI's name of a failed call. */
export function errorCode(status: number | null): string {
  if (status === null || status >= 500) return "server_error";
  return { 401: "authentication_failed", 403: "authentication_failed", 429: "rate_limit" }[status] ?? "unknown";
}

/** Before another call. */
export const apiRetry = ({ session }: Speaker, status: number | null): Event => ({
  type: "system",
  subtype: "api_retry",
  attempt: 1,
  max_retries: 10,
  retry_delay_ms: 600,
  error_status: status,
  error: status === 529 ? "overloaded" : status === null ? "unknown" : errorCode(status),
  session_id: session,
  uuid: randomUUID(),
});

export function apiError({ session }: Speaker, { status, type, text, error }: ApiFailure): Event {
  return {
    type: "assistant",
    message: {
      diagnostics: null,
      id: randomUUID(),
      container: null,
      model: "<synthetic>",
      role: "assistant",
      stop_details: null,
      stop_reason: "stop_sequence",
      stop_sequence: "",
      type: "message",
      usage: {
        output_tokens_details: null,
        ...ZERO_TOKENS,
        server_tool_use: { web_search_requests: 0, web_fetch_requests: 0 },
        service_tier: null,
        cache_creation: { ephemeral_1h_input_tokens: 0, ephemeral_5m_input_tokens: 0 },
        inference_geo: null,
        iterations: null,
        speed: null,
        fallback_credit: null,
      },
      content: [{ type: "text", text }],
      context_management: null,
    },
    parent_tool_use_id: null,
    session_id: session,
    uuid: randomUUID(),
    timestamp: now(),
    error,
    request_id: `req_err_${hex(2)}`,
    is_api_error_message: true,
    api_error_status: status,
    api_error_type: type,
  };
}

const ZERO_TOKENS = {
  input_tokens: 0,
  output_tokens: 0,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
};

/** How a turn ended. */
export type Ending =
  | { readonly kind: "success"; readonly text: string }
  | { readonly kind: "api-error"; readonly failure: ApiFailure }
  | { readonly kind: "interrupted"; readonly during: "tool" | "text" }
  | { readonly kind: "max-turns" };

export interface Turn {
  readonly ending: Ending;
  readonly used: ModelUsage;
  /** Of the session before this turn. */
  readonly before: ModelUsage;
  readonly turns: number;
  readonly startedAt: number;
  /** Results that this process gave before. */
  readonly index: number;
  readonly denials: readonly Denial[];
}

export function result(
  { session, model }: Speaker,
  { ending, used, before, turns, startedAt, index, denials }: Turn,
): Event {
  const total = add(before, used);
  const took = Date.now() - startedAt;
  const spoken = ending.kind === "success" || ending.kind === "api-error";
  return {
    duration_api_ms: Math.floor(took / 2),
    stop_reason: stopReason(ending),
    session_id: session,
    total_cost_usd: total.costUSD,
    usage: {
      input_tokens: used.inputTokens,
      cache_creation_input_tokens: used.cacheCreationInputTokens,
      cache_read_input_tokens: used.cacheReadInputTokens,
      output_tokens: used.outputTokens,
      output_tokens_details: { thinking_tokens: 0 },
      server_tool_use: { web_search_requests: 0, web_fetch_requests: 0 },
      service_tier: "standard",
      cache_creation: { ephemeral_1h_input_tokens: 0, ephemeral_5m_input_tokens: 0 },
      inference_geo: "",
      iterations: [],
      speed: "standard",
      fallback_credit: null,
    },
    modelUsage: perModel(model, total),
    permission_denials: denials.map(({ tool, toolUseId, input }) => ({
      tool_name: tool,
      tool_use_id: toolUseId,
      tool_input: input,
    })),
    terminal_reason: terminalReason(ending),
    fast_mode_state: "off",
    fast_mode_disabled_reason: "sdk_opt_in_required",
    subagent_stats: {
      spawned: 0,
      requested: { background: 0, foreground: 0, unset: 0 },
      started_in_background: 0,
      max_depth: 0,
      spawned_by_subagents: 0,
      completed: 0,
      failed: 0,
      killed: { parent: 0, user: 0, system: 0 },
      refused: { depth_limit: 0, concurrency_limit: 0, budget: 0 },
      by_type: {},
    },
    safety_stops: 0,
    is_error: ending.kind !== "success",
    num_turns: turns,
    subtype: subtype(ending),
    ...(spoken ? { api_error_status: ending.kind === "api-error" ? ending.failure.status : null } : {}),
    ...(ending.kind === "api-error" && ending.failure.type !== null && { api_error_type: ending.failure.type }),
    ...(ending.kind === "api-error" && ending.failure.apiError !== undefined && { api_error: ending.failure.apiError }),
    ...(spoken
      ? { result: ending.kind === "success" ? ending.text : ending.failure.text }
      : { errors: errors(ending) }),
    ...(ending.kind === "success" ? { ttft_ms: Math.min(took, 600) } : {}),
    type: "result",
    duration_ms: took,
    uuid: randomUUID(),
    ...(ending.kind === "success" ? { ttft_stream_ms: 0, time_to_request_ms: 0, first_content_frame_ms: 0 } : {}),
    queued_turn_count: 0,
    result_index: index,
    model_usage_since_last_result: perModel(model, used),
  };
}

/** Return the event for an unknown session. */
export const unknownSession = (session: string, message: string): Event => ({
  type: "result",
  subtype: "error_during_execution",
  duration_ms: 0,
  duration_api_ms: 0,
  is_error: true,
  num_turns: 0,
  stop_reason: null,
  session_id: session,
  total_cost_usd: 0,
  usage: ZERO_TOKENS,
  modelUsage: {},
  permission_denials: [],
  uuid: randomUUID(),
  errors: [message],
  result_index: 0,
});

function subtype(ending: Ending): string {
  switch (ending.kind) {
    case "success":
    case "api-error":
      return "success";
    case "max-turns":
      return "error_max_turns";
    case "interrupted":
      return "error_during_execution";
    default:
      return ending satisfies never;
  }
}

function stopReason(ending: Ending): string | null {
  switch (ending.kind) {
    case "success":
      return "end_turn";
    case "api-error":
      return ending.failure.stopReason ?? "stop_sequence";
    case "max-turns":
      return "tool_use";
    case "interrupted":
      return ending.during === "tool" ? "tool_use" : null;
    default:
      return ending satisfies never;
  }
}

function terminalReason(ending: Ending): string {
  switch (ending.kind) {
    case "success":
      return "completed";
    case "api-error":
      return ending.failure.terminalReason ?? "api_error";
    case "max-turns":
      return "max_turns";
    case "interrupted":
      return ending.during === "tool" ? "aborted_tools" : "aborted_streaming";
    default:
      return ending satisfies never;
  }
}

function errors(ending: Ending): string[] {
  if (ending.kind === "max-turns") return ["Reached maximum number of turns"];
  const stop = stopReason(ending) ?? "null";
  return [`[ede_diagnostic] result_type=user last_content_type=n/a stop_reason=${stop}`];
}
