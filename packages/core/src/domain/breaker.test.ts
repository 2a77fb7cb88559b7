import { expect, test } from "vitest";
import { logged } from "../testing/formerEvents.fixture.ts";
import type { LoggedEvent } from "./events.ts";
import { formatRoughly } from "./formats.ts";
import { fieldTest } from "../testing/fieldTest.fixture.ts";
import {
  normalizeMessage,
  CLOSED,
  compareIds,
  holdOf,
  parseBreaker,
  planBreaker,
  probeLimit,
  type BreakerFacts,
  type BreakerState,
} from "./breaker.ts";

const NOW = 1_000_000;
const MINUTE = 60_000;

const PARKED = ["usage-limit", "auth", "model", "github", "disk"];

/** `how`: `pr`, `blocked`, `answered`, `stopped`, a failure's kind, or `end:<kind>` for one that used up the attempts. */
function events(...hows: readonly string[]): LoggedEvent[] {
  return hows.map((how, index) => {
    const [kind = "", words = "no space left, run 12"] = how.replace("end:", "").split("=");
    const failed = !["pr", "blocked", "answered", "stopped", "parked", "running"].includes(kind);
    return logged({
      id: `${index + 1}-0`,
      at: "",
      issue: `octo.widgets.${index}`,
      from: kind === "answered" ? "blocked" : "running",
      to: (how.startsWith("end:") ? "failed" : failed ? waiting(kind) : kind === "answered" ? "blocked" : kind) as "pr",
      by: "runner",
      reason: words,
      evidence: failed ? { failure: kind } : { run: `run-${index}` },
    });
  });
}

const waiting = (kind: string) => (PARKED.includes(kind) ? "parked" : "retrying");

function plan(hows: readonly string[], more: Partial<BreakerFacts> = {}) {
  const facts = { state: CLOSED, held: false, answered: [], active: [], failures: 3, factor: 1, now: NOW };
  return planBreaker({ ...facts, events: events(...hows), ...more });
}

test.each<[string, readonly string[], string]>([
  ["three alike", ["agent", "agent", "agent"], "trip"],
  ["too few", ["agent", "agent"], "nothing"],
  ["ended or to be tried again is the same", ["agent", "end:agent", "agent"], "trip"],
  ["numbers and ids do not count", ["git=a 1 b", "git=a 22 b", "git=a 3 b"], "trip"],
  ["other words", ["git=disk full", "git=disk full", "git=base missing"], "nothing"],
  ["another kind", ["agent", "agent", "startup"], "nothing"],
  ["last words of a time-out do not count", ["timeout=x", "timeout=y", "timeout=z"], "trip"],
  ["memory likewise", ["out-of-memory=x", "out-of-memory=y", "out-of-memory=z"], "trip"],
  ["agents that fill the disk likewise", ["disk-full=x", "disk-full=y", "disk-full=z"], "trip"],
  ["tac8's own full disk says nothing of the agents", ["disk=x", "disk=x", "disk=x"], "nothing"],
  ["one that went well, between", ["agent", "agent", "pr", "agent"], "nothing"],
  ["a question is one that went well", ["agent", "blocked", "agent", "agent"], "nothing"],
  ["one that went well, before", ["pr", "agent", "agent", "agent"], "trip"],
  ["one that went well, after", ["agent", "agent", "agent", "pr"], "nothing"],
  [
    "what says nothing of the whole does not count",
    ["agent", "no-changes", "refused", "running", "agent", "stopped", "lost", "github", "answered", "agent"],
    "trip",
  ],
  ["limits have holds of their own", ["usage-limit", "usage-limit", "auth", "auth", "github", "github"], "nothing"],
  ["refused, unchanged", ["refused", "refused", "refused", "no-changes", "no-changes", "no-changes"], "nothing"],
  ["nothing at all", [], "nothing"],
])("closed, %s", (_, hows, expected) => {
  expect(plan(hows).do).toBe(expected);
});

test("the hold is named after the failure", () => {
  expect(plan(["agent", "agent", "agent=no space left, run 99"])).toEqual({
    do: "trip",
    reason: "the last 3 runs failed with the same error: no space left, run 99",
    until: NOW + 5 * MINUTE,
    state: { phase: "open", way: "agent: no space left, run #", times: 1, concurrency: null, older: [], after: "3-0" },
  });
});

test("one issue that fails again and again trips nothing; nor do failures that were known, or a breaker that is off", () => {
  const one = events("agent", "agent", "agent").map((event) => ({ ...event, issue: "octo.widgets.1" }));
  expect(plan([], { events: one }).do).toBe("nothing");
  expect(plan(["agent", "agent", "agent"], { state: { phase: "closed", after: "1-0" } }).do).toBe("nothing");
  expect(plan(["agent", "agent", "agent"], { failures: 0 }).do).toBe("nothing");
});

const tripped = (phase: "open" | "probing", times = 1): BreakerState => ({
  phase,
  after: "1-0",
  way: "agent: no space left, run #",
  times,
  concurrency: 7,
  older: [],
});

test("open, it waits for its hold to end, then probes", () => {
  const state = tripped("open");
  expect(plan(["agent", "pr"], { state, held: true }).do).toBe("nothing");
  expect(plan(["agent", "pr"], { state })).toEqual({
    do: "probe",
    state: { ...state, phase: "probing", after: "2-0" },
  });
  expect(plan([], { state })).toMatchObject({ state: { after: "1-0" } });
});

test("a probe does not wait for jobs that were active before it, and is one job beside them", () => {
  const begun = plan(["agent"], { state: outage("open"), active: ["a", "b"] });
  expect(begun).toMatchObject({ do: "probe", state: { phase: "probing", older: ["a", "b"] } });
  const state = { ...outage("probing"), older: ["a", "b"] } as BreakerState;
  expect(plan(["agent"], { state, active: ["a", "b", "probe"] }).do).toBe("nothing");
  for (const phase of [state, { ...tripped("probing"), older: ["a", "b"] } as BreakerState]) {
    const next = plan(["agent"], { state: phase, active: ["b", "probe"] });
    expect(next).toEqual({ do: "probe", state: { ...phase, older: ["b"] } });
  }
});

test.each([
  [[], null, 1],
  [["a", "b"], null, 3],
  [["a", "b"], 9, 3],
  [["a", "b"], 2, 2],
])("beside the older jobs %j, with the user's limit %s, the queue's limit is %d", (older, concurrency, limit) => {
  expect(probeLimit({ older, concurrency })).toBe(limit);
});

test.each<[string, readonly string[], string]>([
  ["nothing ended since", ["pr"], "nothing"],
  ["what says nothing", ["agent", "running", "stopped", "usage-limit"], "nothing"],
  ["well", ["agent", "pr"], "close"],
  ["a question", ["agent", "blocked"], "close"],
  ["another failure", ["agent", "git"], "close"],
  ["the issue's own failure", ["agent", "no-changes"], "close"],
  ["alike again", ["pr", "agent"], "trip"],
  ["the first decides", ["pr", "agent", "pr"], "trip"],
])("probing: %s", (_, hows, expected) => {
  expect(plan(hows, { state: tripped("probing") }).do).toBe(expected);
});

test.each([
  [1, 15],
  [2, 30],
  [3, 60],
  [9, 60],
])("tripped %d times, the next hold is of %d minutes", (times, minutes) => {
  const next = plan(["pr", "agent"], { state: tripped("probing", times), factor: 0.5 });
  expect(next).toMatchObject({
    until: NOW + minutes * 30_000,
    state: { times: times + 1, concurrency: 7, phase: "open" },
  });
});

test("a disabled breaker closes", () => {
  for (const phase of ["open", "probing"] as const) {
    expect(plan(["pr"], { state: tripped(phase), failures: 0, held: true }).do).toBe("close");
  }
});

test("messages are alike but for numbers, ids, paths and addresses", () => {
  const one = "Fetching https://github.com/octo/widgets.git: 3 of 12.5 MB, 1f2e3d4 /tmp/a b  c";
  const two = "fetching https://github.com/octo/other.git: 4 of 1 MB, aaaabbbbcccc /home/x b c";
  expect(normalizeMessage(one)).toBe(normalizeMessage(two));
  expect(normalizeMessage(one)).not.toBe(normalizeMessage("fetching: no such host"));
});

test("failures of runs of any length are alike", () => {
  const minutes = [0.5, 1.5, 59, 60, 90, 50 * 60];
  const ends = minutes.map((length) =>
    normalizeMessage(`the agent ended with exit code 1 after ${formatRoughly(length * 60_000)}: no`),
  );
  expect(new Set(ends)).toEqual(new Set(["the agent ended with exit code # after #: no"]));
});

const SENTENCE = "the agent ended with exit code 1 (api_error): Claude Code is unable to respond to this request.";

/** The same failure, as five runs of five issues report it. */
const SAME: Readonly<Record<string, (n: number) => string>> = {
  "a request's id": (n) => `${SENTENCE} Request ID: ${REQUESTS[n]}`,
  "a request's id in JSON": (n) => `${SENTENCE} {"type":"error","request_id":"${REQUESTS[n]}"}`,
  "JSON in JSON": (n) => `${SENTENCE} {\\"request_id\\": \\"${REQUESTS[n]}\\", \\"id\\":${n}}`,
  "a UUID": (n) => `${SENTENCE} (session ${UUIDS[n]})`,
  "a UUID in capitals": (n) => `${SENTENCE} Session ID: ${UUIDS[n]?.toUpperCase()}.`,
  "an id without digits": (n) =>
    `${SENTENCE} Request ID: ${["abcdefGHI", "jkLMnop", "qrs-tuv", "wxYZ", "aBcDeFgHiJ"][n]}`,
  hex: (n) => `${SENTENCE} trace ${["deadbeefcafe", "0f0f0f0f0f", "abcdefabcdef", "12e45f67", "fffffffa"][n]}`,
  paths: (n) => `${SENTENCE} cannot open /data/workspaces/octo/widgets/trees/gh-${n}/src/${"abcde"[n]}.ts`,
  times: (n) =>
    `${SENTENCE} at 2026-11-2${n}T1${n}:0${n}:00.${n}Z after ${["1 s", "59 s", "119 s", "2 min", "1 h"][n]}`,
  sizes: (n) => `${SENTENCE} used ${["900 kB", "12 MB", "1.5 GB", "77 bytes", "3 MiB"][n]}`,
  numbers: (n) => `${SENTENCE} issue #${n}, ${n},000 tokens, port ${3000 + n}`,
  "where its work is": (n) => `${SENTENCE}${n % 2 === 0 ? "" : " (the work so far is only in its workspace)"}`,
  "where it was cut": (n) => `${SENTENCE} Request ID: ${REQUESTS[n]?.slice(0, 8 + n)}…`,
};
const REQUESTS = [
  "req_011CYEFwLV3CotFyg7Xr7zVy",
  "req_011CYEGAbCdEfGhIjKlMnOpQ",
  "req_vrtx_011Cq9ZyXwVuTsRqPo",
  "req_err_29",
  "req_AbCdEfGhIjKl",
];
const UUIDS = [
  "2fa30972-c993-45f8-abf8-0712c32612aa",
  "21c71be2-abcd-40eb-b830-d83273b6ce99",
  "de30c47a-191d-4529-b96a-d35dec111273",
  "3cb831b9-d4b0-4704-88c0-8afff53dccb6",
  "69a5e07b-9459-4ca6-8708-ef41f7276af5",
];

fieldTest("A6", "five runs that fail alike but for ids, times, paths and numbers trip it", () => {
  for (const [what, words] of Object.entries(SAME)) {
    const hows = [0, 1, 2, 3, 4].map((n) => `agent=${words(n)}`);
    expect([what, plan(hows, { failures: 5 }).do]).toEqual([what, "trip"]);
  }
});

test("errors that differ in a word differ, whatever ids they hold", () => {
  const sentences = [
    "API Error: authentication_failed",
    "API Error: rate_limit",
    "API Error: Connection refused (ECONNREFUSED)",
    "fetching: no such host",
    'unable to respond {"type":"invalid_request_error"}',
    'unable to respond {"type":"not_found_error"}',
    "cannot find a library",
  ];
  const all = sentences.map((words) =>
    normalizeMessage(`the agent ended with exit code 1: ${words}. Request ID: ${REQUESTS[0]}`),
  );
  expect(new Set(all).size).toBe(sentences.length);
});

test("one run that met an outage of the model is enough, also where the breaker is off; a later success is news", () => {
  const outage = { do: "trip", until: NOW + MINUTE, state: { phase: "open", way: "model", times: 1 } };
  expect(plan(["model=529 overloaded"])).toMatchObject({ ...outage, reason: "529 overloaded" });
  expect(plan(["agent", "model"], { failures: 0 })).toMatchObject(outage);
  expect(plan(["model", "pr"]).do).toBe("nothing");
  expect(plan(["model", "agent", "agent"]).do).toBe("nothing");
  expect(plan(["model", "running", "no-changes"])).toMatchObject(outage);
});

const outage = (phase: "open" | "probing", times = 1): BreakerState => ({
  phase,
  after: "1-0",
  way: "model",
  times,
  concurrency: 7,
  older: [],
});

test.each<[string, readonly string[], string]>([
  ["nothing ended since", ["model"], "nothing"],
  ["well", ["model", "pr"], "close"],
  ["a failure of another kind: it answered", ["model", "agent"], "close"],
  ["a limit says nothing", ["model", "usage-limit"], "nothing"],
  ["again", ["pr", "model"], "trip"],
])("probing an outage: %s", (_, hows, expected) => {
  for (const failures of [0, 3]) expect(plan(hows, { state: outage("probing"), failures }).do).toBe(expected);
});

test.each([
  [1, 2],
  [2, 5],
  [4, 15],
  [99, 15],
])("an outage that has tripped it %d times holds for %d minutes", (times, minutes) => {
  expect(plan(["pr", "model"], { state: outage("probing", times) })).toMatchObject({
    until: NOW + minutes * MINUTE,
    state: { times: times + 1, concurrency: 7 },
  });
});

test("a probe to which the model responds closes the breaker before the probe ends; an older run does not", () => {
  const state = outage("probing");
  const hows = ["running", "running"];
  expect(plan(hows, { state, answered: ["run-1"] })).toMatchObject({
    do: "close",
    reason: expect.stringMatching(/responds to a run of octo/),
  });
  expect(plan(hows, { state, answered: ["run-0", "run-7"] }).do).toBe("nothing");
  expect(plan(hows, { state: tripped("probing"), answered: ["run-1"] }).do).toBe("nothing");
});

test("an outage met by a probe for something else becomes what is probed", () => {
  const next = plan(["agent", "model"], { state: tripped("probing", 3) });
  expect(next).toMatchObject({ do: "trip", state: { way: "model", times: 1, concurrency: 7 } });
  expect(holdOf({ way: "model" })).toBe("model");
  expect(holdOf({ way: "agent: no space left, run #" })).toBe("breaker");
});

test("ids and states", () => {
  expect(compareIds("9-0", "10-0")).toBeLessThan(0);
  expect(compareIds("10-2", "10-10")).toBeLessThan(0);
  expect(compareIds("10-2", "10-2")).toBe(0);
  for (const text of [null, "", "{", `{"phase":"open"}`]) expect(parseBreaker(text)).toEqual(CLOSED);
  expect(parseBreaker(JSON.stringify(tripped("probing")))).toEqual(tripped("probing"));
});
