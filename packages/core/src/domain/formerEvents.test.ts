import { expect, test } from "vitest";
import { EVENT_NAMES, formerNameOf, type EventName, type FormerName, type LoggedEvent } from "./events.ts";
import { namesOf } from "./formerEvents.ts";

type Evidence = LoggedEvent["evidence"];

/** Entries as older versions wrote them: former name, state before, facts, words. */
const FORMER: readonly (readonly [EventName, FormerName, LoggedEvent["from"], Evidence, string])[] = [
  ["issue:queued", "queued", "", { priority: "P2", label_event: null }, "labelled"],
  ["issue:queued", "queued", "pr", { priority: "P0", label_event: 7 }, "labelled again"],
  ["issue:retried", "queued", "failed", { failure: "agent", outcome: "failed" }, "tried again by a person"],
  ["issue:retried", "queued", "stopped", { failure: null, outcome: null }, "tried again by a person"],
  ["issue:requeued", "queued", "running", { run: "r" }, "the runner shuts down"],
  ["run:started", "running", "queued", { run: "r", attempt: 1, waitedMs: 9 }, "work began"],
  ["run:started", "running", "running", { run: "r", attempt: 1, waitedMs: null }, "work began"],
  ["attempt:failed", "retrying", "running", { run: "r", failure: "agent" }, "exit code 1"],
  ["issue:parked", "parked", "running", { run: "r", failure: "github", parked: 1 }, "502"],
  ["issue:blocked", "blocked", "running", { run: "r", question: 5 }, "the agent asks a question"],
  ["issue:blocked", "blocked", "blocked", { run: "r", question: 5 }, "the agent asks a question"],
  ["question:answered", "blocked", "blocked", { comment: 6 }, "answered by octo"],
  ["publication:allowed", "blocked", "blocked", { label_event: 8 }, "its publication was allowed by octo"],
  ["issue:published", "pr", "running", { run: "r", pr: 4 }, "opened pull request #4"],
  ["issue:answered", "answered", "running", { run: "r", pr: null }, "it works already"],
  ["issue:stopped", "stopped", "queued", { sinceBegunMs: 5, sha: null }, "stopped by octo"],
  ["issue:cancelled", "cancelled", "running", { run: "r", pr: null }, "the issue was closed"],
  ["issue:failed", "failed", "running", { run: "r", failure: "agent" }, "exit code 1"],
  ["label:refused", "failed", "queued", { run: "r", failure: "untrusted" }, "labelled by a stranger"],
  ["issue:withdrawn", "withdrawn", "queued", { actor: "octo", at: "t", event: 3 }, "the label was taken off by octo"],
  ["issue:expired", "expired", "blocked", { run: "r", pr: null }, "nobody answered the question in time"],
  ["agent:ended", "agent", "running", { run: "r", cause: "exited" }, "the agent ended (exited)"],
  ["hold:begun", "hold", "", { name: "auth", until: null }, "401"],
  ["hold:ended", "unhold", "", { name: "auth" }, "its time is over"],
  ["run:lost", "note", "running", { run: "r", lost: "q" }, "the run on pi/0 was lost"],
  ["work:missing", "note", "queued", { run: "r" }, "the finished work is on no disk"],
  ["job:lost", "note", "queued", {}, "its job was gone from the queue while it was queued"],
  ["cancel:requested", "note", "running", {}, "to be cancelled: the issue was deleted"],
  ["cancel:requested", "note", "running", { actor: "octo", at: "t", event: 3 }, "to be cancelled: it was closed"],
  ["stop:requested", "note", "running", { command: "stop", why: null }, "asked to stop"],
  ["wait:ended", "note", "parked", {}, "a person ended its wait"],
  ["label:used", "note", "pr", { label_event: 9 }, "stopped before it was queued"],
  ["breaker:closed", "note", "", { name: "model" }, "the breaker has closed: a run went well"],
  ["health:changed", "note", "", { name: "health", level: "degraded", codes: "disk" }, "degraded: disk"],
  ["runner:paused", "note", "", { runner: "pi/0", pause: "begun" }, "runner pi/0 paused: lunch"],
  ["runner:resumed", "note", "", { runner: "pi/0", pause: "ended" }, "runner pi/0 resumed"],
  ["janitor:cleaned", "note", "", { log: 1, kept: 0 }, "the janitor removed 1 × log"],
  ["note:written", "note", "", {}, "something else"],
];

test.each(FORMER)("%s: an entry that an older version named %s", (event, to, from, evidence, reason) => {
  expect(namesOf({ event: "", issue: "o.r.1", by: "t", to, from, evidence, reason })).toEqual({ event, to });
});

test("every event that an older version has written has a name", () => {
  const read = new Set(FORMER.map(([name]) => name));
  // No older version knew of these.
  expect(EVENT_NAMES.filter((name) => !read.has(name))).toEqual(["state:unexpected"]);
});

test("an entry's own name counts, and one of a newer version is read by its former name", () => {
  const entry = { issue: "o.r.1", by: "t", from: "running", evidence: {}, reason: "" } as const;
  for (const event of EVENT_NAMES) {
    expect(namesOf({ ...entry, event, to: formerNameOf(event) })).toEqual({ event, to: formerNameOf(event) });
  }
  expect(namesOf({ ...entry, event: "issue:praised", to: "pr" })).toEqual({ event: "issue:published", to: "pr" });
  expect(namesOf({ ...entry, event: "moon:risen", to: "moon" })).toEqual({ event: "note:written", to: "note" });
  expect(namesOf({ ...entry, event: "toString", to: "constructor" })).toEqual({ event: "note:written", to: "note" });
});
