import { liveUsageOf, totalUsage } from "@tac8/core/conversation/figures";
import { NO_FIGURES } from "@tac8/core/domain/usage";
import type { LiveEvent } from "@tac8/core/conversation/event";
import { Outline, outline } from "@tac8/core/conversation/outline";
import { readFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import { eventsOf, GOLDENS, renderStream, STREAMS } from "../../fixtures/capturedStreams.ts";
import { widthOf } from "../terminal/text.ts";
import { Transcript } from "./transcript.ts";

describe.each(STREAMS)("the captured stream %s", (name) => {
  it("is rendered as in fixtures/conversations", async () => {
    expect(await renderStream(name)).toBe(readFileSync(new URL(`${name}.txt`, GOLDENS), "utf8"));
  });

  it.each([40, 80, 120])("takes at most %i columns", async (width) => {
    const lines = (await renderStream(name, { width, detailed: true })).split("\n");
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(width);
  });

  it("is rendered the same when it arrives event by event", async () => {
    const { events } = await eventsOf(name);
    const output = live(events);
    for (const { event } of outline(events)) expect(output).toContain(event.text.split("\n", 1)[0]?.slice(0, 20));
    expect(output.split("\n").filter((line) => line.includes("■"))).toHaveLength(liveUsageOf(events).results);
  });
});

function live(events: readonly LiveEvent[]): string {
  const transcript = new Transcript({ width: 80, detailed: false, paint: (_, text) => text, clock: () => "00:00:00" });
  const all = new Outline();
  return events
    .flatMap((event) => {
      const placed = all.add(event);
      return placed === null ? [] : transcript.next(placed);
    })
    .join("\n");
}

/** Figures of N responses of the stub, each with 100 tokens in, 50 out, 2,000 from and 1,000 to the cache, for $0.0068. */
const answers = (times: number) => ({
  input: 100 * times,
  output: 50 * times,
  cacheRead: 2000 * times,
  cacheWrite: 1000 * times,
  costUsd: expect.closeTo(0.0068 * times, 8),
});

test.each([
  // Three blocks of one response, each with its usage, then another response.
  ["success-tool-use", answers(2)],
  ["partial-messages", answers(2)],
  ["perm-denied", answers(3)],
  // Two turns of one process, whose totals count up.
  ["stream-input-two-turns", answers(2)],
  // Two results, the second of which repeats the totals of the first: four responses, one of them from the sub-agent.
  ["subagent", answers(4)],
  ["background-task", answers(2)],
  // The budget was exceeded before the usage of the second response was included in the result's `usage`.
  ["max-budget", answers(2)],
  ["max-turns", answers(2)],
  // Its `usage` is empty; 667 tokens of the interrupted response were billed, at five times the price of input.
  [
    "interrupted-then-continued",
    { input: 200, output: 717, cacheRead: 4000, cacheWrite: 2000, costUsd: expect.closeTo(0.02594, 8) },
  ],
  ["interrupted-bash", answers(1)],
  ["sigint-during-bash", answers(1)],
  ["retry-then-success", answers(1)],
  // At the price of the other model.
  ["fallback", { ...answers(1), costUsd: expect.closeTo(0.0034, 8) }],
  ["error-400", NO_FIGURES],
  ["error-401", NO_FIGURES],
  ["error-529", NO_FIGURES],
  ["sigint-api-wait", NO_FIGURES],
])("tokens and cost of %s", async (name, figures) => {
  const seen = liveUsageOf((await eventsOf(name)).events);
  expect(seen.settled).toEqual(figures);
  expect(seen.open).toEqual(NO_FIGURES);
});

test.each(["killed-during-bash", "sigterm-during-bash", "sigterm-mid-text"])(
  "%s: an agent that was killed has used at least what its answer began with, once",
  async (name) => {
    const seen = liveUsageOf((await eventsOf(name)).events);
    expect(seen).toMatchObject({ settled: NO_FIGURES, results: 0 });
    expect(totalUsage(seen)).toEqual({ input: 100, output: 1, cacheRead: 2000, cacheWrite: 1000, costUsd: 0 });
  },
);

test("before the result, a response of several blocks counts once", async () => {
  const { events } = await eventsOf("success-tool-use");
  const first = events.slice(
    0,
    events.findIndex(({ kind }) => kind === "tool-result"),
  );
  expect(first.map(({ kind }) => kind)).toEqual(["init", "thinking", "text", "tool", "tool"]);
  expect(liveUsageOf(first).open).toEqual({ input: 100, output: 1, cacheRead: 2000, cacheWrite: 1000, costUsd: 0 });
});

test("a resumed run: the earlier cost of the session is not counted again", async () => {
  const { events } = await eventsOf("stream-input-two-turns");
  const second = events.slice(events.findIndex(({ kind }) => kind === "result") + 1);
  expect(liveUsageOf(second).settled).toEqual(answers(1));
});

test("live, a call is shown again only if its result or its sub-agent's text does not follow directly", () => {
  const at = 0;
  const task = { at, kind: "tool", tool: "Task", text: "read", call: "a" } as const;
  const bash = { at, kind: "tool", tool: "Bash", text: "ls", call: "b" } as const;
  const events: LiveEvent[] = [
    task,
    bash,
    { at, kind: "tool-result", text: "files", call: "b" },
    { at, kind: "text", text: "one", parent: "a" },
    { at, kind: "tool", tool: "Read", text: "x", call: "c", parent: "a" },
    { at, kind: "tool-result", text: "of x", call: "c", parent: "a" },
    { at, kind: "text", text: "two", parent: "a" },
    { at, kind: "tool-result", text: "three", call: "a" },
  ];
  const lines = live(events).split("\n");
  expect(lines.map((line) => line.slice(10))).toEqual([
    "▸ Task  read",
    "▸ Bash  ls",
    "  files",
    "↳ Task  read",
    "│ one",
    "│ ▸ Read  x",
    "│   of x",
    "│ two",
    "  three",
  ]);
});
