import { expect } from "vitest";
import { afterFailure, type FailureKind } from "@tac8/core/domain/failures";
import type { Json } from "@tac8/core/conversation/json";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { classifyEnd, type Failure } from "./classify.ts";
import { INITIAL } from "./claude/reduce.ts";
import * as stream from "./testing/stream.ts";
import type { AgentEnd } from "./types.ts";

const NOW = Date.parse("2026-11-22T10:00:30Z");
const RESET = Date.parse("2026-11-22T10:00:00Z");

interface End extends Partial<Omit<AgentEnd, "result">> {
  readonly events?: readonly Json[];
}

/** An end by exit code 1 after 5 s, of what this stream says. */
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

function failure(end: End): Failure {
  const verdict = classify(end);
  if (verdict.ok) throw new Error("was a success");
  return verdict;
}

function next({ kind, message, until }: Failure, parked = 0) {
  const counts = { made: 0, max: 3, parked, noChanges: 0 };
  return afterFailure({ kind: kind as FailureKind, message, until }, counts, 1, NOW);
}

const worked = [stream.text("Looking."), stream.toolUse, stream.toolResult];
const EXPIRED = "Failed to authenticate: OAuth session expired and could not be refreshed";

/** A login that cannot be used, however it is told. */
const NO_LOGIN: Readonly<Record<string, End>> = {
  "as it was found": { events: stream.apiFailure({ error: "authentication_failed", words: EXPIRED }) },
  "after some work": { events: [...worked, ...stream.apiFailure({ error: "authentication_failed", words: EXPIRED })] },
  "the words are others": {
    events: stream.apiFailure({ error: "authentication_failed", words: "Bitte neu anmelden" }),
  },
  "not allowed for the organization": { events: stream.apiFailure({ error: "oauth_org_not_allowed", words: "No." }) },
  "an account on hold": { events: stream.apiFailure({ error: "account_on_hold", status: 400, words: "No." }) },
  "to be verified": { events: stream.apiFailure({ error: "verification_required", status: 403, words: "No." }) },
  "a status alone": { events: stream.apiFailure({ status: 401, words: "API Error: 401" }) },
  forbidden: { events: stream.apiFailure({ status: 403, type: "permission_error", words: "API Error: 403" }) },
  "no assistant's event": { events: stream.apiFailure({ status: 401, words: EXPIRED }).slice(1) },
  "no status field": { events: [stream.end({ is_error: true, result: EXPIRED, api_error_status: undefined })] },
  "words in the result alone": { events: stream.apiFailure({ error: null, words: EXPIRED }).slice(1) },
  "the assistant's event alone": {
    events: stream.apiFailure({ error: "authentication_failed", words: "No." }).slice(0, 1),
  },
  "a success that is none": {
    code: 0,
    events: [...stream.apiFailure({ error: "authentication_failed", words: EXPIRED }).slice(0, 1), stream.nothing],
  },
  "on stderr alone": { stderrTail: EXPIRED },
  "on stderr, with exit code 0": { code: 0, stderrTail: EXPIRED },
  "OAuth token expired": { stderrTail: "Error: OAuth token has expired. Please run /login" },
  "OAuth token revoked": { stderrTail: "OAuth access token has been revoked" },
  "not logged in": { stderrTail: "Not logged in · Please run /login" },
  "no key": { stderrTail: "Invalid API key · Fix external API key" },
  "the API's own words": { stderrTail: '401 {"type":"error","error":{"type":"authentication_error"}}' },
  "an organization that was switched off": { stderrTail: "Your organization has been disabled" },
  "a wait for the login that does not end": {
    cause: "timeout",
    code: 143,
    events: [stream.retry(401, "authentication_failed")],
  },
};

fieldTest("A1", "a login that cannot be used is held for, and costs no attempt", () => {
  for (const [how, end] of Object.entries(NO_LOGIN)) {
    const verdict = failure(end);
    expect([how, verdict.kind]).toEqual([how, "auth"]);
    expect(next(verdict)).toMatchObject({ do: "park", hold: { name: "auth" } });
    expect(verdict, how).not.toMatchObject({ sessionSpent: true });
  }
});

const REFUSED = `API Error: Claude Code is unable to respond to this request, which appears to violate our Usage Policy. Request ID: ${stream.REQUEST}`;

/** What the same session would do again. */
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
  "nothing until the time was up": { cause: "timeout", code: 143 },
  silence: { cause: "stalled", code: null, signal: "SIGKILL" },
};

fieldTest("A2", "a session that would end the same again is not resumed", () => {
  for (const [how, end] of Object.entries(SPENT)) {
    const verdict = failure(end);
    expect(verdict, how).toMatchObject({ sessionSpent: true, resumeFailed: false });
    expect([how, next(verdict).do]).toEqual([how, "retry"]);
  }
});

fieldTest("A3", "a success without a word or a tool call is none", () => {
  for (const events of [
    [stream.nothing],
    [stream.thinking("Hm."), stream.nothing],
    [stream.text(" \n"), stream.nothing],
    [stream.nothing, stream.nothing],
    [stream.end({ result: "No response requested." })],
  ]) {
    for (const cause of ["exited", "lingered"] as const) {
      const verdict = failure({ code: 0, cause, events });
      expect(verdict.kind).toBe("agent");
      expect(next(verdict)).toMatchObject({ do: "retry" });
    }
  }
  expect(failure({ code: 0, events: [stream.nothing] }).message).toContain("without a word or a tool call");
});

/** The model's service is away, however it is told. */
const OUTAGE: Readonly<Record<string, End>> = {
  ...Object.fromEntries(
    [500, 502, 503, 504, 529, 408].map((status) => [
      `status ${status}`,
      { events: stream.apiFailure({ status, words: `API Error: ${status}` }) },
    ]),
  ),
  overloaded: { events: stream.apiFailure({ error: "server_error", type: "overloaded_error", words: "Overloaded" }) },
  "the type alone": { events: stream.apiFailure({ type: "overloaded_error", words: "" }) },
  "after some work": { events: [...worked, ...stream.apiFailure({ error: "server_error", words: "No." })] },
  refused: {
    events: stream.apiFailure({
      error: "server_error",
      words: "API Error: Connection refused — a firewall or proxy may be blocking it (ECONNREFUSED)",
      result: { api_error: "connection_failed" },
    }),
  },
  "the result's code alone": { events: [stream.end({ is_error: true, api_error: "connection_failed", result: "" })] },
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
  "no answer at all, until it was stopped": {
    cause: "stalled",
    code: 143,
    events: [...worked, stream.retry(null, "unknown")],
  },
  "529 until its time was up": { cause: "timeout", code: 143, events: [stream.retry(529, "overloaded")] },
  "killed while it tried again": {
    code: null,
    signal: "SIGKILL",
    events: [...worked, stream.retry(500, "server_error")],
  },
};

fieldTest("A5", "an outage of the model's service is waited out, and costs no attempt", () => {
  for (const [how, end] of Object.entries(OUTAGE)) {
    const verdict = failure(end);
    expect([how, verdict.kind]).toEqual([how, "model"]);
    expect(next(verdict)).toMatchObject({ do: "park", hold: { name: "model" } });
    expect(verdict, how).not.toMatchObject({ sessionSpent: true });
  }
});

const limited = (resetsAt: number | undefined, words: string): Json[] => [
  { type: "rate_limit_event", rate_limit_info: { status: "rejected", resetsAt, rateLimitType: "five_hour" } },
  ...stream.apiFailure({ error: "rate_limit", status: 429, words, result: { api_error: "usage_limit_reached" } }),
];

fieldTest("A7", "a reset that is over, or now, is asked again within minutes, and then less and less often", () => {
  for (const resetsAt of [RESET, NOW, RESET - 3_600_000, NOW - 1].map((at) => at / 1000)) {
    for (const words of ["You've hit your session limit · resets 10am (UTC)", "Request rejected (429)"]) {
      const verdict = failure({ events: limited(resetsAt, words) });
      expect(verdict.kind).toBe("usage-limit");
      const waits = [0, 1, 2, 3, 4].map((parked) => {
        const then = next(verdict, parked);
        return then.do === "park" ? then.delayMs / 60_000 : null;
      });
      expect(waits).toEqual([5, 15, 30, 60, 60]);
    }
  }
});
