import { expect, test } from "vitest";
import { agentEnd } from "./testing/agentEnd.ts";
import { classifyEnd, type AgentFailure } from "./classify.ts";
import type { AgentEnd, ClaudeResult } from "./types.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");
const result = (given: Partial<ClaudeResult> = {}): ClaudeResult => ({
  subtype: "success",
  isError: false,
  terminalReason: "completed",
  apiStatus: null,
  codes: [],
  text: "",
  errors: [],
  ...given,
});
const refused = (text: string, apiStatus: number | null = null): Partial<AgentEnd> => ({
  code: 1,
  result: result({ isError: true, terminalReason: "api_error", apiStatus, text }),
});
const failure = (end: Partial<AgentEnd>, provider: "claude" | "command" = "claude"): AgentFailure => {
  const agentResult = classifyEnd(agentEnd(end), { provider, now: NOW });
  if (agentResult.ok) throw new Error("was a success");
  return agentResult;
};

test("success needs exit 0, a result, and no error", () => {
  expect(classifyEnd(agentEnd({ result: result() }), { provider: "claude", now: NOW })).toEqual({ ok: true });
  expect(failure({ code: 1, result: result() }).kind).toBe("agent");
  expect(failure({ result: result({ isError: true }) }).kind).toBe("agent");
  expect(failure({ durationMs: 60_000 }).kind).toBe("agent");
});

test("an agent that gets a shutdown just after it has finished is a success", () => {
  const end = { cause: "shutdown", result: result() } as const;
  expect(classifyEnd(agentEnd(end), { provider: "claude", now: NOW })).toEqual({ ok: true });
  expect(failure({ cause: "shutdown", code: 1, result: result({ isError: true }) }).kind).toBe("shutdown");
  expect(failure({ cause: "shutdown" }).kind).toBe("shutdown");
  expect(failure({ cause: "shutdown" }, "command").kind).toBe("shutdown");
  expect(failure({ cause: "cancelled", result: result() }).kind).toBe("cancelled");
});

test.each(["disk-full", "lingered", "process-limit", "shutdown", "stalled", "timeout"] as const)(
  "an agent that is killed (%s) after it has finished is a success",
  (cause) => {
    const killed = { cause, code: null, signal: "SIGKILL", result: result() };
    const options = { provider: "claude", now: NOW } as const;
    expect(classifyEnd(agentEnd({ ...killed, finished: true }), options)).toEqual({ ok: true });
    // It had started another turn.
    expect(failure({ ...killed, finished: false }).ok).toBe(false);
  },
);

test("a user's stop, a lost job and the exit code take precedence over the result", () => {
  expect(failure({ cause: "stopped", finished: true, result: result() }).kind).toBe("stopped");
  expect(failure({ cause: "lost", finished: true, result: result() }).kind).toBe("lost");
  expect(failure({ code: 1, finished: true, result: result() }).kind).toBe("agent");
});

test("an agent may write about limits and keys without a limit or a missing key", () => {
  const sentence = "The usage limit was reached and Invalid API key is shown";
  expect(
    classifyEnd(agentEnd({ result: result({ text: sentence }), lastText: sentence }), { provider: "claude", now: NOW })
      .ok,
  ).toBe(true);
  expect(failure({ code: 1, result: result({ text: sentence }), lastText: sentence }).kind).toBe("agent");
});

test("a command succeeds with exit code 0", () => {
  expect(classifyEnd(agentEnd({}), { provider: "command", now: NOW })).toEqual({ ok: true });
  expect(failure({ code: 2, durationMs: 500, stderrTail: "no such model" }, "command")).toMatchObject({
    kind: "startup",
    message: "the agent ended with exit code 2 after 1 s without a result: no such model",
  });
  expect(failure({ code: 2, durationMs: 60_000 }, "command").kind).toBe("agent");
});

test.each<[string, Partial<AgentEnd>, AgentFailure["kind"]]>([
  ["401", refused("Invalid API key · Fix external API key", 401), "auth"],
  ["403", refused("API Error: 403", 403), "auth"],
  ["not logged in, on stderr", { code: 1, stderrTail: "Invalid API key · Please run /login" }, "auth"],
  ["529", refused("API Error: 529 Overloaded", 529), "model"],
  ["500", refused("API Error: 500", 500), "model"],
  ["429", refused("API Error: Request rejected (429)", 429), "usage-limit"],
  ["limit in words", refused("You've hit your session limit · resets 3pm (UTC)"), "usage-limit"],
  ["no money", refused("Credit balance is too low", 400), "usage-limit"],
  ["max turns", { code: 1, result: result({ subtype: "error_max_turns", isError: true }) }, "agent"],
  ["root refusal", { code: 1, durationMs: 200, stderrTail: "cannot be used with root" }, "startup"],
  ["time-out", { cause: "timeout", code: 143 }, "timeout"],
  ["stall", { cause: "stalled", code: null, signal: "SIGKILL" }, "stalled"],
  ["it filled the disk", { cause: "disk-full", code: null, signal: "SIGKILL" }, "disk-full"],
  ["stopped, even with a result", { cause: "stopped", result: result() }, "stopped"],
  ["guard lost", { cause: "guard-lost", code: null }, "lost"],
  ["not started", { cause: "spawn-failed", code: null, problems: ["cannot start claude: ENOENT"] }, "startup"],
])("%s", (_, end, kind) => {
  const agentResult = failure(end);
  expect(agentResult.kind).toBe(kind);
  expect(agentResult.message.length).toBeLessThanOrEqual(500);
});

test("end of a limit: the time in the event takes precedence over the time in the text", () => {
  const rateLimit = { status: "rejected", resetsAt: NOW + 5000 };
  expect(failure({ ...refused("hit your limit · resets 3pm (UTC)", 429), rateLimit }).until).toBe(NOW + 5000);
  expect(failure(refused("hit your limit · resets 3pm (UTC)", 429)).until).toBe(Date.parse("2026-11-22T15:00:00Z"));
  expect(failure(refused("Request rejected (429)", 429)).until).toBeNull();
});

test("a recorded limit does not explain another end", () => {
  const rateLimit = { status: "rejected", resetsAt: NOW + 5000 };
  const end = { code: 1, rateLimit, result: result({ isError: true, terminalReason: "max_turns" }) };
  expect(failure(end).kind).toBe("agent");
});

test("an unknown session is distinguished from other failures", () => {
  const end = {
    code: 1,
    stderrTail: "No conversation found with session ID: 1",
    result: result({ isError: true, subtype: "error_during_execution" }),
  };
  expect(failure(end)).toMatchObject({ kind: "startup", resumeFailed: true });
  expect(failure({ code: 1 }).resumeFailed).toBe(false);
});

test("the message quotes the CLI, short and without terminal codes", () => {
  expect(failure({ code: 1, stderrTail: `\u001b[31mboom\u001b[0m\n${"x".repeat(4000)}` }).message).toMatch(
    /^the agent ended with exit code 1 after 5 s without a result: boom x+…$/,
  );
});
