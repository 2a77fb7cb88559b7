import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ClaudeReader } from "@tac8/core/conversation/claude";
import { shortenEvent } from "@tac8/core/conversation/shorten";
import { parseEvent, type Json } from "@tac8/core/conversation/json";
import { classifyEnd } from "../classify.ts";
import { agentEnd } from "../testing/agentEnd.ts";
import { INITIAL, reduce, type ClaudeState } from "./reduce.ts";

const FOLDER = new URL("../../../fixtures/claude-streams/", import.meta.url);

interface Expected {
  readonly results: number;
  readonly turns: number;
  readonly cost: number;
  readonly input: number;
  readonly text: string;
  /** The exit code that was captured with the stream, and the expected end. */
  readonly code: number | null;
  readonly kind: "ok" | "agent" | "auth" | "usage-limit" | "model" | "startup" | "unfinished";
}

const NOTHING = { results: 0, turns: 0, cost: 0, input: 0, text: "" };
const REFUSED = { results: 1, turns: 1, cost: 0, input: 0, text: "", code: 1 };

/** By file name. Every captured stream has an entry. */
const EXPECTED: Record<string, Expected> = {
  "background-task": { results: 1, turns: 2, cost: 0.0136, input: 200, text: "done", code: 0, kind: "unfinished" },
  econnrefused: { ...REFUSED, kind: "model" },
  "error-400": { ...REFUSED, kind: "agent" },
  "error-401": { ...REFUSED, kind: "auth" },
  "error-429-retry-after": { ...REFUSED, kind: "usage-limit" },
  "error-529": { ...REFUSED, kind: "model" },
  fallback: { results: 1, turns: 1, cost: 0.0034, input: 100, text: "recovered", code: 0, kind: "ok" },
  "interrupted-bash": { results: 1, turns: 3, cost: 0.0068, input: 100, text: "running", code: 1, kind: "agent" },
  "interrupted-then-continued": {
    results: 2,
    turns: 3,
    cost: 0.02594,
    input: 200,
    text: "answer after interrupt",
    code: 0,
    kind: "ok",
  },
  "killed-during-bash": { ...NOTHING, code: null, kind: "startup" },
  "max-budget": { results: 1, turns: 2, cost: 0.0136, input: 200, text: "", code: 1, kind: "agent" },
  "max-turns": { results: 1, turns: 3, cost: 0.0136, input: 200, text: "", code: 1, kind: "agent" },
  "mid-turn-message": { results: 1, turns: 2, cost: 0.0136, input: 200, text: "after tool", code: 0, kind: "ok" },
  "partial-messages": { results: 1, turns: 2, cost: 0.0136, input: 200, text: "x", code: 0, kind: "ok" },
  "perm-denied": { results: 1, turns: 3, cost: 0.0204, input: 300, text: "done", code: 0, kind: "ok" },
  "retry-then-success": { results: 1, turns: 1, cost: 0.0068, input: 100, text: "recovered", code: 0, kind: "ok" },
  "sigint-api-wait": { ...NOTHING, code: 0, kind: "startup" },
  "sigint-during-bash": { results: 1, turns: 3, cost: 0.0068, input: 100, text: "", code: 0, kind: "agent" },
  "sigterm-during-bash": { ...NOTHING, code: 143, kind: "startup" },
  "sigterm-mid-text": { ...NOTHING, code: 143, kind: "startup" },
  "stream-input-two-turns": {
    results: 2,
    turns: 2,
    cost: 0.0136,
    input: 200,
    text: "second answer",
    code: 0,
    kind: "ok",
  },
  subagent: { results: 2, turns: 3, cost: 0.0272, input: 400, text: "after", code: 0, kind: "ok" },
  "success-tool-use": { results: 1, turns: 3, cost: 0.0136, input: 200, text: "done", code: 0, kind: "ok" },
};

/** Streams in which the model wrote no text and called no tool. */
const UNWORKED = [
  "econnrefused",
  "error-400",
  "error-401",
  "error-429-retry-after",
  "error-529",
  "sigint-api-wait",
  "sigterm-mid-text",
];

const names = readdirSync(FOLDER).map((file) => file.replace(".jsonl", ""));

function eventsOf(name: string): NonNullable<ReturnType<typeof parseEvent>>[] {
  const lines = readFileSync(new URL(`${name}.jsonl`, FOLDER), "utf8").split("\n");
  return lines.map(parseEvent).filter((event) => event !== null);
}

test("every captured stream has an expectation", () => {
  expect(Object.keys(EXPECTED).sort()).toEqual(names.sort());
});

test.each(names)("stream %s", (name) => {
  const expected = EXPECTED[name];
  const state = eventsOf(name).reduce<ClaudeState>(reduce, INITIAL);
  expect(state.sessionId).toMatch(/^[0-9a-f-]{36}$/);
  expect(state).toMatchObject({ results: expected?.results, turns: expected?.turns, lastText: expected?.text });
  expect(state.usage.inputTokens).toBe(expected?.input);
  expect(state.costUsd).toBeCloseTo(expected?.cost ?? -1, 8);

  expect(state.worked).toBe(!UNWORKED.includes(name));
  const agentResult = classifyEnd(agentEnd({ ...state, code: expected?.code ?? null }), { provider: "claude", now: 0 });
  expect(agentResult.ok ? "ok" : agentResult.kind).toBe(expected?.kind);
});

test.each(names)("stream %s, live", (name) => {
  const reader = new ClaudeReader();
  const live = eventsOf(name).flatMap((event) => reader.read(event, 7).map(shortenEvent));
  expect(live[0]).toMatchObject({ at: 7, kind: "init" });
  for (const event of live) expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThanOrEqual(2048);
});

test("part of a tool call is shown live", () => {
  const reader = new ClaudeReader();
  const shown = eventsOf("success-tool-use").flatMap((event) => reader.read(event, 7));
  expect(shown.map(({ kind, tool, text }) => [kind, tool, text.slice(0, 12)])).toEqual([
    ["init", undefined, "claude-opus-"],
    ["thinking", undefined, "hmm"],
    ["text", undefined, "writing"],
    ["tool", "Write", "a.txt\n+ x0.5"],
    ["tool", "Bash", "git add -A; "],
    ["tool-result", undefined, "File created"],
    ["tool-result", undefined, "2312d4a a"],
    ["text", undefined, "done"],
    ["result", undefined, "done"],
  ]);
});

test("text before the end of a turn is not the answer", () => {
  const say = (text: string) => ({ type: "assistant", message: { content: [{ type: "text", text }] } });
  const result = (text: string, is_error = false) => ({ type: "result", subtype: "success", is_error, result: text });
  const after = (...events: object[]) => (events as Json[]).reduce<ClaudeState>(reduce, INITIAL).lastText;
  expect(after(say("Let me check."), result(""))).toBe("");
  expect(after(say("Let me check."), result("It works."))).toBe("It works.");
  // A background task reports, and the agent has nothing to add.
  expect(after(result("It works."), say("Hm."), result(""))).toBe("It works.");
  expect(after(say("I am stuck."), result("API Error", true))).toBe("I am stuck.");
});

test("flags and limits", () => {
  expect(eventsOf("perm-denied").reduce<ClaudeState>(reduce, INITIAL).denials).toMatchObject([
    { tool: "Write", detail: "b.txt" },
    { tool: "Bash", detail: "touch /srv/tac8/trees/gh-471/zz" },
  ]);
  const failed = eventsOf("error-529").reduce<ClaudeState>(reduce, INITIAL).apiFailure;
  expect(failed).toEqual({ codes: ["server_error", "overloaded_error"], status: 529, retrying: false });
  expect(eventsOf("retry-then-success").reduce<ClaudeState>(reduce, INITIAL).apiFailure).toBeNull();
  expect(eventsOf("interrupted-bash").reduce<ClaudeState>(reduce, INITIAL).interrupted).toBe(true);
  const limit = { type: "rate_limit_event", rate_limit_info: { status: "rejected", resetsAt: 1_795_377_600 } };
  expect(reduce(INITIAL, limit).rateLimit).toEqual({ status: "rejected", resetsAt: 1_795_377_600_000 });
});

test.each([
  [{ type: "assistant" }],
  [{ type: "assistant", message: { content: [null, 3, { type: "text" }] } }],
  [{ type: "assistant", message: { content: [{ type: "tool_use", name: "TodoWrite", input: { todos: [null] } }] } }],
  [{ type: "result", errors: [null, {}], model_usage_since_last_result: { a: null, b: { inputTokens: "many" } } }],
  [{ type: "rate_limit_event", rate_limit_info: 5 }],
  [{ type: "user", message: "?" }],
  [{ type: 7 }],
])("an event of an unknown shape is ignored: %j", (event) => {
  expect(reduce(INITIAL, event).costUsd).toBe(0);
  expect(() => new ClaudeReader().read(event, 1)).not.toThrow();
});
