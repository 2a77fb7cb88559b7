import { expect, test } from "vitest";
import { afterFailure, type FailureKind } from "@tac8/core/domain/failures";
import type { Json } from "@tac8/core/conversation/json";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { classifyEnd, type AgentFailure } from "./classify.ts";
import { INITIAL } from "./claude/reduce.ts";
import * as stream from "./testing/stream.ts";
import type { AgentEnd } from "./types.ts";

const NOW = Date.parse("2026-11-22T10:00:30Z");
const RESET = Date.parse("2026-11-22T10:00:00Z");

interface End extends Partial<Omit<AgentEnd, "result">> {
  readonly events?: readonly Json[];
}

/** Classify an end with exit code 1 after 5 s and this stream. */
function classify({ events = [], ...given }: End) {
  const end = {
    ...INITIAL,
    ...stream.read([stream.init, ...events]),
    cause: "exited",
    code: 1,
    signal: null,
    durationMs: 5000,
    stderrTail: "",
    survivorsKilled: 0,
    remaining: 0,
    problems: [],
    ...given,
  } as const;
  return classifyEnd(end, { provider: "claude", now: NOW });
}

function failure(end: End): AgentFailure {
  const agentResult = classify(end);
  if (agentResult.ok) throw new Error("was a success");
  return agentResult;
}

const kindOf = (end: End) => {
  const agentResult = classify(end);
  return agentResult.ok ? "ok" : agentResult.kind;
};

function next({ kind, message, until }: AgentFailure, parked = 0) {
  const counts = { made: 0, max: 3, parked, noChanges: 0 };
  return afterFailure({ kind: kind as FailureKind, message, until }, counts, 1, NOW);
}

const worked = [stream.text("Reading."), stream.toolUse, stream.toolResult];
const EXPIRED = "Failed to authenticate: OAuth session expired and could not be refreshed";

/** Logins that are not usable, in all forms in which the CLI reports them. */
const NO_LOGIN: Readonly<Record<string, End>> = {
  "as captured": { events: stream.apiFailure({ error: "authentication_failed", words: EXPIRED }) },
  "after some work": { events: [...worked, ...stream.apiFailure({ error: "authentication_failed", words: EXPIRED })] },
  "other words": {
    events: stream.apiFailure({ error: "authentication_failed", words: "Bitte neu anmelden" }),
  },
  "not allowed for the organization": { events: stream.apiFailure({ error: "oauth_org_not_allowed", words: "No." }) },
  "an account on hold": { events: stream.apiFailure({ error: "account_on_hold", status: 400, words: "No." }) },
  "to be verified": { events: stream.apiFailure({ error: "verification_required", status: 403, words: "No." }) },
  "only a status": { events: stream.apiFailure({ status: 401, words: "API Error: 401" }) },
  forbidden: { events: stream.apiFailure({ status: 403, type: "permission_error", words: "API Error: 403" }) },
  "no assistant's event": { events: stream.apiFailure({ status: 401, words: EXPIRED }).slice(1) },
  "no status field": { events: [stream.end({ is_error: true, result: EXPIRED, api_error_status: undefined })] },
  "words only in the result": { events: stream.apiFailure({ error: null, words: EXPIRED }).slice(1) },
  "only the assistant's event": {
    events: stream.apiFailure({ error: "authentication_failed", words: "No." }).slice(0, 1),
  },
  "a false success": {
    code: 0,
    events: [...stream.apiFailure({ error: "authentication_failed", words: EXPIRED }).slice(0, 1), stream.nothing],
  },
  "only on stderr": { stderrTail: EXPIRED },
  "on stderr, with exit code 0": { code: 0, stderrTail: EXPIRED },
  "OAuth token expired": { stderrTail: "Error: OAuth token has expired. Please run /login" },
  "OAuth token revoked": { stderrTail: "OAuth access token has been revoked" },
  "not logged in": { stderrTail: "Not logged in · Please run /login" },
  "no key": { stderrTail: "Invalid API key · Fix external API key" },
  "the API's own words": { stderrTail: '401 {"type":"error","error":{"type":"authentication_error"}}' },
  "an organization that was switched off": { stderrTail: "Your organization has been disabled" },
  "an endless wait for the login": {
    cause: "timeout",
    code: 143,
    events: [stream.retry(401, "authentication_failed")],
  },
};

fieldTest("A1", "a login that is not usable sets a hold, and uses no attempt", () => {
  for (const [how, end] of Object.entries(NO_LOGIN)) {
    const agentResult = failure(end);
    expect([how, agentResult.kind]).toEqual([how, "auth"]);
    expect(next(agentResult)).toMatchObject({ do: "park", hold: { name: "auth" } });
    expect({ how, ...agentResult }).not.toMatchObject({ sessionSpent: true });
  }
});

test("missing credit is a limit of the account, whatever the API calls the request", () => {
  for (const reported of [
    { error: "billing_error", status: 400, type: "invalid_request_error", words: "Credit balance is too low" },
    { error: "billing_error", words: "No." },
    { status: 400, type: "invalid_request_error", words: "Your credit balance is too low to access the API" },
  ]) {
    const agentResult = failure({ events: stream.apiFailure(reported) });
    expect(agentResult).toMatchObject({ kind: "usage-limit", until: null });
    expect(next(agentResult)).toMatchObject({ do: "park", hold: { name: "usage-limit" } });
  }
});

const REFUSED = `API Error: Claude Code is unable to respond to this request, which appears to violate our Usage Policy. Request ID: ${stream.REQUEST}`;

/** Ends that the same session would repeat. */
const SPENT: Readonly<Record<string, End>> = {
  "a request that is invalid": {
    events: stream.apiFailure({ status: 400, type: "invalid_request_error", words: "API Error: 400 messages.3: bad" }),
  },
  "the same after some work": {
    events: [...worked, ...stream.apiFailure({ error: "invalid_request", status: 400, words: "API Error: 400" })],
  },
  "a refusal": { events: stream.apiFailure({ words: REFUSED, result: { stop_reason: "refusal" } }) },
  "a refusal after some work": {
    events: [...worked, ...stream.apiFailure({ words: REFUSED, result: { stop_reason: "refusal" } })],
  },
  "a prompt that is too long": {
    events: [stream.end({ is_error: true, terminal_reason: "prompt_too_long", result: "Prompt is too long" })],
  },
  "an image": { events: [...worked, stream.end({ is_error: true, terminal_reason: "image_error", result: "Image" })] },
  "broken tool calls": {
    events: [...worked, stream.end({ is_error: true, terminal_reason: "malformed_tool_use_exhausted", result: "" })],
  },
  "a request that is too large": { events: stream.apiFailure({ status: 413, words: "Request too large" }) },
  "nothing, as a success": { code: 0, events: [stream.nothing] },
  "nothing, as a failure": { events: [stream.end({ is_error: true, subtype: "error_during_execution" })] },
  "nothing at all": { durationMs: 60_000 },
  "nothing at all, at once": {},
  "nothing until the time limit": { cause: "timeout", code: 143 },
  silence: { cause: "stalled", code: null, signal: "SIGKILL" },
};

fieldTest("A2", "a session that would end the same way again is not resumed", () => {
  for (const [how, end] of Object.entries(SPENT)) {
    const agentResult = failure(end);
    expect({ ...agentResult, how }).toMatchObject({ how, sessionSpent: true, resumeFailed: false });
    expect([how, next(agentResult).do]).toEqual([how, "retry"]);
  }
});

test("a session is kept if it did not cause the failure", () => {
  const kept: Record<string, End> = {
    "killed in the middle": { code: null, signal: "SIGKILL", events: worked },
    "too many turns": { events: [...worked, stream.end({ is_error: true, subtype: "error_max_turns" })] },
    "a time-out at work": { cause: "timeout", code: 143, events: worked },
    "an outage": { events: [...worked, ...stream.apiFailure({ error: "server_error", status: 529, words: "529" })] },
    "a limit": { events: stream.apiFailure({ error: "rate_limit", status: 429, words: "429" }) },
    "a stop": { cause: "stopped", code: 143 },
    "a runner that shuts down": { cause: "shutdown", code: 143 },
  };
  for (const [how, end] of Object.entries(kept)) expect([how, failure(end).sessionSpent]).toEqual([how, false]);
});

fieldTest("A3", "a success without text or a tool call is a failure", () => {
  for (const events of [
    [stream.nothing],
    [stream.thinking("Hm."), stream.nothing],
    [stream.text(" \n"), stream.nothing],
    [stream.nothing, stream.nothing],
    [stream.end({ result: "No response requested." })],
  ]) {
    for (const cause of ["exited", "lingered"] as const) {
      const agentResult = failure({ code: 0, cause, events });
      expect(agentResult.kind).toBe("agent");
      expect(next(agentResult)).toMatchObject({ do: "retry" });
    }
  }
  expect(failure({ code: 0, events: [stream.nothing] }).message).toContain("without any output or tool call");
});

test("a tool call or text is evidence of work, even of a sub-agent or without a summary", () => {
  const ofSubAgent = { ...stream.toolUse, parent_tool_use_id: "toolu_0" };
  for (const events of [
    [stream.toolUse, stream.toolResult, stream.nothing],
    [stream.text("Done."), stream.end({ result: "Done." })],
    [ofSubAgent, stream.nothing],
    [stream.end({ result: "Done.", model_usage_since_last_result: { m: { outputTokens: 3 } } })],
  ]) {
    expect(classify({ code: 0, events })).toEqual({ ok: true });
  }
});

/** Outages of the model's service, in all forms in which the CLI reports them. */
const OUTAGE: Readonly<Record<string, End>> = {
  ...Object.fromEntries(
    [500, 502, 503, 504, 529, 408].map((status) => [
      `status ${status}`,
      { events: stream.apiFailure({ status, words: `API Error: ${status}` }) },
    ]),
  ),
  overloaded: { events: stream.apiFailure({ error: "server_error", type: "overloaded_error", words: "Overloaded" }) },
  "only the type": { events: stream.apiFailure({ type: "overloaded_error", words: "" }) },
  "after some work": { events: [...worked, ...stream.apiFailure({ error: "server_error", words: "No." })] },
  refused: {
    events: stream.apiFailure({
      error: "server_error",
      words: "API Error: Connection refused — a firewall or proxy may be blocking it (ECONNREFUSED)",
      result: { api_error: "connection_failed" },
    }),
  },
  "only the result's code": { events: [stream.end({ is_error: true, api_error: "connection_failed", result: "" })] },
  ...Object.fromEntries(
    [
      "API Error: Connection error.",
      "API Error: Request timed out.",
      "Unable to connect to API (ECONNRESET)",
      "getaddrinfo ENOTFOUND api.anthropic.com",
      "getaddrinfo EAI_AGAIN api.anthropic.com",
      "API Error: 502 Bad Gateway",
      'API Error: 529 {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
      "fetch failed",
      "socket hang up",
    ].flatMap((words) => [
      [`in the result: ${words}`, { events: stream.apiFailure({ words }) }],
      [`on stderr: ${words}`, { stderrTail: words }],
    ]),
  ),
  "no answer until it was stopped": {
    cause: "stalled",
    code: 143,
    events: [...worked, stream.retry(null, "unknown")],
  },
  "529 until the time limit": { cause: "timeout", code: 143, events: [stream.retry(529, "overloaded")] },
  "killed during a retry": {
    code: null,
    signal: "SIGKILL",
    events: [...worked, stream.retry(500, "server_error")],
  },
};

fieldTest("A5", "an outage of the model's service is waited out, and uses no attempt", () => {
  for (const [how, end] of Object.entries(OUTAGE)) {
    const agentResult = failure(end);
    expect([how, agentResult.kind]).toEqual([how, "model"]);
    expect(next(agentResult)).toMatchObject({ do: "park", hold: { name: "model" } });
    expect({ how, ...agentResult }).not.toMatchObject({ sessionSpent: true });
  }
});

test("ends that resemble an outage but are none", () => {
  const cases: readonly (readonly [string, End])[] = [
    ["agent", { events: [stream.text("The API said 529 Overloaded (ECONNREFUSED)"), stream.end({ is_error: true })] }],
    ["agent", { stderrTail: "fetch failed", events: [...worked, stream.end({ result: "Done." })] }],
    ["stalled", { cause: "stalled", code: 143, events: [stream.retry(529, "overloaded"), ...worked] }],
    ["timeout", { cause: "timeout", code: 143, events: [stream.retry(529, "overloaded"), stream.text("So.")] }],
    ["stopped", { cause: "stopped", code: 143, events: [stream.retry(529, "overloaded")] }],
    ["agent", { events: [stream.end({ is_error: true, subtype: "error_max_turns", errors: ["Request timed out"] })] }],
    ["agent", { events: stream.apiFailure({ status: 404, type: "not_found_error", words: "no such model" }) }],
    ["ok", { code: 0, events: [...worked, stream.retry(529, "overloaded"), stream.end({ result: "Done." })] }],
  ];
  for (const [kind, end] of cases) expect(kindOf(end)).toBe(kind);
});

test.each([
  ["auth", ["authentication_failed", "cloud_credential_error", "stored_login_refused", "gateway_session_expired"]],
  ["auth", ["oauth_refresh_store_refused", "org_disabled_credential", "api_key_auth_disabled", "provider_credentials"]],
  ["usage-limit", ["usage_limit_reached", "billing_error", "model_requires_usage_credits"]],
  ["model", ["connection_failed", "stream_idle_timeout", "no_response", "tls_untrusted_ca", "overloaded"]],
  ["session", ["empty_completion", "autocompact_thrashing", "pdf_too_large", "tool_history_mismatch", "media_removed"]],
  ["session", ["message_over_context_limit", "long_context_credits_required", "safety_monitor_blocked"]],
  ["agent", ["unknown", "model_not_found", "max_output_tokens", "claude_code_version_too_old"]],
])("the CLI's own names of an error are recognized in every field: %s", (kind, codes) => {
  for (const code of codes) {
    for (const events of [
      stream.apiFailure({ error: code, words: "No." }),
      stream.apiFailure({ words: "No.", result: { api_error: code } }),
      stream.apiFailure({ error: "rate_limit", status: null, words: "No.", result: { api_error: code } }).slice(1),
    ]) {
      const agentResult = failure({ events: [...worked, ...events] });
      expect([code, agentResult.kind, agentResult.sessionSpent]).toEqual([
        code,
        kind === "session" ? "agent" : kind,
        kind === "session",
      ]);
    }
  }
});

const limited = (resetsAt: number | undefined, words: string): Json[] => [
  { type: "rate_limit_event", rate_limit_info: { status: "rejected", resetsAt, rateLimitType: "five_hour" } },
  ...stream.apiFailure({ error: "rate_limit", status: 429, words, result: { api_error: "usage_limit_reached" } }),
];

fieldTest("A7", "a reset that is due or over is checked again within minutes, and then less and less often", () => {
  for (const resetsAt of [RESET, NOW, RESET - 3_600_000, NOW - 1].map((at) => at / 1000)) {
    for (const words of ["You've hit your session limit · resets 10am (UTC)", "Request rejected (429)"]) {
      const agentResult = failure({ events: limited(resetsAt, words) });
      expect(agentResult.kind).toBe("usage-limit");
      const waits = [0, 1, 2, 3, 4].map((parked) => {
        const then = next(agentResult, parked);
        return then.do === "park" ? then.delayMs / 60_000 : null;
      });
      expect(waits).toEqual([5, 15, 30, 60, 60]);
    }
  }
});

test("a future reset is waited for; an implausible one is ignored", () => {
  const until = (resetsAt: number | undefined, words: string) => failure({ events: limited(resetsAt, words) }).until;
  const inFive = NOW + 5 * 3_600_000;
  expect(until(inFive / 1000, "resets 3pm (UTC)")).toBe(inFive);
  expect(until(inFive, "in milliseconds")).toBe(inFive);
  expect(until(undefined, "resets 3pm (UTC)")).toBe(Date.parse("2026-11-22T15:00:00Z"));
  expect(until((NOW + 90 * 24 * 3_600_000) / 1000, "resets 3pm (UTC)")).toBe(Date.parse("2026-11-22T15:00:00Z"));
  expect(until((NOW + 90 * 24 * 3_600_000) / 1000, "Request rejected (429)")).toBeNull();
  const agentResult = failure({ events: limited((NOW + 7 * 24 * 3_600_000) / 1000, "weekly limit") });
  expect(next(agentResult)).toMatchObject({ do: "park", delayMs: 6 * 3_600_000 });
});

/** Every combination of exit code, result, error flag, text, and work in the run. */
const COMBINATIONS = [0, 1, 143, null].flatMap((code) =>
  [null, false, true].flatMap((isError) =>
    ["", "Done."].flatMap((result) =>
      [[], worked].map((done) => ({ code, isError, result, done, name: nameOf({ code, isError, result, done }) })),
    ),
  ),
);

function nameOf({
  code,
  isError,
  result,
  done,
}: {
  code: number | null;
  isError: boolean | null;
  result: string;
  done: readonly Json[];
}) {
  const shown = isError === null ? "no result" : `${isError ? "an error" : "a success"} "${result}"`;
  return `exit ${code}, ${shown}, ${done.length > 0 ? "worked" : "nothing done"}`;
}

test.each(COMBINATIONS)("$name", ({ code, isError, result, done }) => {
  const events = [...done, ...(isError === null ? [] : [stream.end({ is_error: isError, result })])];
  const signal = code === null ? "SIGKILL" : null;
  const agentResult = classify({ code, signal, events });
  const ok = code === 0 && isError === false && done.length > 0;
  if (ok) return expect(agentResult).toEqual({ ok: true });
  expect(agentResult).toMatchObject({
    ok: false,
    kind: isError === null ? "startup" : "agent",
    sessionSpent: done.length === 0,
    resumeFailed: false,
  });
});
