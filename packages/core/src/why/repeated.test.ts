import { expect, test } from "vitest";
import type { EventName, LoggedEvent } from "../domain/events.ts";
import { applyPatch, parseIssueState } from "../state/issueState.ts";
import type { WhyFacts } from "./facts.ts";
import { evaluateRepeated } from "./repeated.ts";

const now = new Date(2026, 10, 25, 14, 0, 0).getTime();
const at = new Date(now - 5 * 60_000).toISOString();
const log = (event: EventName, evidence: LoggedEvent["evidence"] = {}, reason = ""): LoggedEvent => ({
  id: "1-0",
  at,
  issue: "octo.hello.471",
  from: "running",
  to: "note",
  by: "runner pi-1/0",
  event,
  evidence,
  reason,
});
const started = (run: string) => log("run:started", { run, attempt: 1 });
const first = [log("agent:ended", { run: "one" }), started("one"), log("issue:queued", {}, "labelled")];

interface Given {
  /** Ids of the runs in which the agents ran, oldest first. */
  readonly runs?: readonly string[];
  /** Events after the start of the run `two`, newest first. */
  readonly later?: readonly LoggedEvent[];
}

/** `before`: newest first, between the first agent run and the second. */
function findings(before: readonly LoggedEvent[], { runs = ["one", "two"], later = [] }: Given = {}) {
  const all = runs.map((run, index) => ({ run, n: index + 1, runner: "pi/0", at, session: "s" }));
  const record = applyPatch(parseIssueState({}), {
    state: "pr" as const,
    "agent.runCount": all.length,
    "agent.runs": all,
  });
  const events = runs.includes("two") ? [...later, started("two"), ...before, ...first] : first;
  const facts = { now, ref: { owner: "octo", repo: "hello", number: 471 }, record, events };
  return evaluateRepeated(facts as unknown as WhyFacts);
}

const textOf = (...given: Parameters<typeof findings>) => findings(...given).map(({ text }) => text);

test.each<[string, readonly LoggedEvent[], string]>([
  [
    "an attempt failed",
    [log("attempt:failed", { failure: "startup" }, "SIGKILL")],
    "an attempt failed (startup) at 13:55: SIGKILL",
  ],
  [
    "its runner died",
    [log("run:lost", {}, "pi-1/0 is offline")],
    "a run was lost with its runner at 13:55: pi-1/0 is offline",
  ],
  ["a user replied", [log("question:answered"), log("issue:blocked")], "the question was answered at 13:55"],
  [
    "of what was last",
    [log("issue:retried", {}, "tac8 retry"), log("attempt:failed")],
    "a user queued the issue again at 13:55: tac8 retry",
  ],
])("an agent ran again because %s", (_, before, why) => {
  expect(textOf(before)).toEqual([`agent run 2 started after ${why}; all events: tac8 timeline octo/hello#471`]);
});

test.each<[string, LoggedEvent, string | null]>([
  ["of the run that was lost", log("run:lost", { lost: "one" }), "one"],
  ["of no run after another cause", log("attempt:failed", { failure: "agent" }), null],
  ["of no run if it was not recorded", log("run:lost", { lost: null }), null],
])("the evidence has the id %s", (_, cause, lost) => {
  expect(findings([cause])[0]?.evidence).toMatchObject({ run: "two", cause: cause.event, lost });
});

test("an agent whose session was missing was started again by the same run", () => {
  const [one, third] = [
    ["one", "one"],
    ["one", "two", "two"],
  ].map((runs) => findings([log("attempt:failed")], { runs }));
  const text = "started because the session of the run before it was missing; all events: tac8 timeline octo/hello#471";
  expect(one?.map((finding) => finding.text)).toEqual([`agent run 2 ${text}`]);
  expect(third?.map((finding) => finding.text)).toEqual([`agent run 3 ${text}`]);
  expect(third?.[0]?.evidence).toMatchObject({ run: "two", cause: "session-missing" });
});

test("a later run that started no agent is not the reason", () => {
  const later = [
    log("issue:parked", { failure: "github" }, "502"),
    started("three"),
    log("issue:parked", { failure: "github" }, "503"),
    log("agent:ended", { run: "two" }),
  ];
  expect(textOf([log("attempt:failed", { failure: "agent" }, "exit 1")], { later })[0]).toContain("failed (agent)");
});

test("one agent run has no reason, and events that were not read are in the timeline", () => {
  expect(textOf([], { runs: ["one"] })).toEqual([]);
  const record = applyPatch(parseIssueState({}), { "agent.runCount": 2, "agent.run": "two" });
  const facts = { now, ref: { owner: "octo", repo: "hello", number: 471 }, record, events: [] };
  expect(evaluateRepeated(facts as unknown as WhyFacts).map(({ text }) => text)).toEqual([
    "why an agent ran 2 times: tac8 timeline octo/hello#471",
  ]);
});
