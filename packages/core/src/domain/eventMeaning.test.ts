import { expect, test } from "vitest";
import { meaningOf, stateAfter, type Meaning } from "./eventMeaning.ts";
import { END_EVENTS, EVENT_NAMES, formerNameOf, type EventName, type LoggedEvent } from "./events.ts";
import { isEnded, OUTCOMES } from "./states.ts";

const event = (name: EventName, change: Partial<LoggedEvent> = {}): LoggedEvent => ({
  id: "1-0",
  at: "",
  event: name,
  issue: "o.r.1",
  from: "running",
  to: formerNameOf(name),
  by: "t",
  reason: "",
  evidence: {},
  ...change,
});
const namesOf = (kind: Meaning["of"]) => EVENT_NAMES.filter((name) => meaningOf(event(name)).of === kind);

test("each event is of one kind", () => {
  expect(namesOf("queue")).toEqual(["issue:queued", "issue:retried", "issue:requeued"]);
  expect(namesOf("start")).toEqual(["run:started"]);
  expect(namesOf("attempt")).toEqual(["attempt:failed", "issue:parked"]);
  expect(namesOf("end").toSorted()).toEqual(Object.values(END_EVENTS).toSorted());
  expect(namesOf("refused label")).toEqual(["label:refused"]);
  expect(namesOf("reply")).toEqual(["question:answered", "publication:allowed"]);
  expect(namesOf("agent")).toEqual(["agent:ended"]);
  expect(namesOf("hold")).toEqual(["hold:begun", "hold:ended"]);
  expect(namesOf("defect")).toEqual(["state:unexpected"]);
});

test("an end has its outcome and its facts, and counts once", () => {
  const evidence = { pr: 7, updated: 1, sinceBegunMs: 5, failure: "agent" };
  for (const outcome of OUTCOMES) {
    const end = event(END_EVENTS[outcome], { evidence });
    const failure = outcome === "failed" ? "agent" : null;
    expect(meaningOf(end)).toEqual({ of: "end", outcome, failure, pr: 7, updated: true, sinceBegunMs: 5 });
    expect(meaningOf({ ...end, from: outcome })).toEqual({ of: "note" });
    expect(stateAfter(end)).toBe(outcome);
  }
});

test("a reply leaves the issue as it is, and a refused label ends it", () => {
  expect([stateAfter(event("question:answered")), stateAfter(event("publication:allowed"))]).toEqual([null, null]);
  expect(isEnded(stateAfter(event("label:refused")))).toBe(true);
  expect(stateAfter(event("hold:begun"))).toBeNull();
});

test("facts are what anyone may have written", () => {
  const evidence = { failure: "of another version", waitedMs: "soon", sinceBegunMs: -1, pr: "x", models: "{" };
  expect(meaningOf(event("attempt:failed", { evidence }))).toMatchObject({ failure: null });
  expect(meaningOf(event("run:started", { evidence }))).toEqual({ of: "start", waitedMs: null });
  expect(meaningOf(event("issue:published", { evidence }))).toMatchObject({ pr: null, sinceBegunMs: null });
  expect(meaningOf(event("agent:ended", { evidence }))).toEqual({ of: "agent", agent: null });
});
