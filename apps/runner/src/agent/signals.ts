import type { AgentEnd } from "./types.ts";

/**
 * Cause of a failed end by the CLI's own report: the login, a limit of the account, the model's service, or the
 * session.
 */
export type Signal = "auth" | "usage-limit" | "model" | "session";

/**
 * Return the signal in the CLI's own fields and words of a failed end, or null. The first match wins, in this order:
 *
 * 1. codes, because each has one meaning, but a status has several;
 * 2. the status;
 * 3. a rejected limit in the stream;
 * 4. the words, after all fields, because they change from version to version;
 * 5. an invalid request without a known cause, then a call to the model that is still retried.
 */
export function signalOf(end: AgentEnd): Signal | null {
  if (hasItsOwnEnd(end)) return null;
  const fields = fieldsOf(end);
  const quoted = wordsOf(end);
  return (
    find(CODES, (pattern) => fields.codes.some((code) => pattern.test(code))) ??
    byStatus(fields.status) ??
    (wasRejected(end) ? "usage-limit" : null) ??
    find(WORDS, (pattern) => pattern.test(quoted)) ??
    (fields.status === 400 || fields.codes.some((code) => VAGUE.test(code)) ? "session" : null) ??
    (end.apiFailure?.retrying === true ? "model" : null)
  );
}

type Patterns = readonly (readonly [Signal, RegExp])[];

function find(patterns: Patterns, fits: (pattern: RegExp) => boolean): Signal | null {
  return patterns.find(([, pattern]) => fits(pattern))?.[0] ?? null;
}

/**
 * Patterns for `error` in an assistant event, and for `api_error`, `api_error_type`, `terminal_reason` and
 * `stop_reason` in a result: every code of Claude Code 2.1.330 that says more than "it failed", and the API's own
 * types. Codes of a session come first, because some resemble a limit.
 */
const CODES: Patterns = [
  ["session", /^(?:refusal|safety_monitor_blocked|dlp_request_denied)$/],
  ["session", /^(?:prompt_too_long|request_too_large|message_over_context_limit|model_context_window_exceeded)$/],
  ["session", /^(?:blocking_limit|rapid_refill_breaker|autocompact_thrashing|long_context_credits_required)$/],
  [
    "session",
    /^(?:image_error|pdf_\w+|media_removed|tool_history_mismatch|malformed_tool_use_exhausted|empty_completion)$/,
  ],
  [
    "usage-limit",
    /^(?:rate_limit|rate_limit_error|usage_limit_reached|model_requires_usage_credits|credits_required)$/,
  ],
  ["usage-limit", /^(?:billing_error|insufficient_quota)$/],
  ["auth", /^(?:authentication_\w+|oauth_\w+|account_on_hold|verification_required|permission_error)$/],
  ["auth", /^(?:cloud_credential_error|provider_credentials|invalid_credential_header|org_disabled_credential)$/],
  ["auth", /^(?:stored_login_refused|gateway_signin_required|gateway_session_expired|api_key_auth_disabled)$/],
  ["model", /^(?:server_error|overloaded|overloaded_error|timeout_error|no_response|stream_idle_timeout)$/],
  ["model", /^(?:connection_\w+|network_edge_blocked|gateway_content_type|computer_slept|tls_\w+)$/],
];

/** Code of a request that the API calls invalid, even if the account is the cause, which only the words say. */
const VAGUE = /^invalid_request(?:_error)?$/;

function byStatus(status: number | null): Signal | null {
  if (status === 429) return "usage-limit";
  if (status === 401 || status === 403) return "auth";
  if (status === 413) return "session";
  return status !== null && (status === 408 || status >= 500) ? "model" : null;
}

const WORDS: Patterns = [
  ["usage-limit", /usage limit|limit reached|hit your (?:\w+ )*limit|out of (?:\w+ )*usage|credit balance is too low/i],
  [
    "auth",
    /(?:invalid|incorrect|missing) (?:x-)?api[ -]key|invalid bearer token|run \/login|not logged in|log ?in again/i,
  ],
  ["auth", /failed to authenticate|authentication[_ ](?:failed|error)|oauth (?:access |refresh )?(?:session|token)/i],
  ["auth", /oauth authentication is|(?:login|credentials?) (?:has |have )?expired|organization has been disabled/i],
  [
    "auth",
    /account (?:is on hold|has been (?:disabled|suspended))|oauth_org_not_allowed|account_on_hold|verification_required/i,
  ],
  ["session", /prompt is too long|request_too_large|violate our usage policy/i],
  [
    "model",
    /\boverloaded(?:_error)?\b|API Error: (?:408|5\d\d)\b|internal server error|service unavailable|bad gateway/i,
  ],
  ["model", /\b(?:ECONN\w+|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ERR_SOCKET\w*)\b|gateway time-?out/],
  [
    "model",
    /connection (?:error|refused|reset|closed|timed? ?out)|request timed out|fetch failed|unable to connect to/i,
  ],
  ["model", /socket (?:hang up|connection was closed)/i],
];

function fieldsOf({ result, apiFailure }: AgentEnd): {
  readonly codes: readonly string[];
  readonly status: number | null;
} {
  const { codes = [], terminalReason = null, apiStatus = null } = result ?? {};
  return {
    codes: [...codes, ...(terminalReason === null ? [] : [terminalReason]), ...(apiFailure?.codes ?? [])],
    status: apiStatus ?? apiFailure?.status ?? null,
  };
}

/**
 * Return whether it is a success except for its exit code, or an end by a limit of the run itself (turns, budget),
 * whatever failed before.
 */
function hasItsOwnEnd({ result, apiFailure }: AgentEnd): boolean {
  if (result === null) return false;
  if (!result.isError) return apiFailure === null;
  return result.subtype.startsWith("error_max_") || result.terminalReason === "max_turns";
}

/**
 * Return whether a limit caused the end. A limit may be recorded while paid extra usage continues, so only an end by
 * the API, or without a result, counts.
 */
function wasRejected({ rateLimit, result }: AgentEnd): boolean {
  return rateLimit?.status === "rejected" && (result === null || result.terminalReason === "api_error");
}

/** Return the CLI's own words of a failed end. The agent's words do not count: it may write about limits and keys. */
export function wordsOf({ result, stderrTail }: AgentEnd): string {
  return [result?.isError === true ? result.text : "", ...(result?.errors ?? []), stderrTail].join("\n");
}
