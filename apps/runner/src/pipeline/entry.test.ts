import { expect, test } from "vitest";
import { parseIssueState, type IssueFields, type IssuePatch } from "@tac8/core/state/issueState";
import { MAX_LOST_IN_A_ROW, MAX_UNCHANGED_IN_A_ROW, type RunProgress } from "@tac8/core/domain/brokenOff";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { planEntry, type Entry } from "./entry.ts";

const DAY = 24 * 3_600_000;
const NOW = Date.parse("2026-11-22T12:00:00Z");
const facts = { runId: "me", blockedExpiresMs: 14 * DAY, now: NOW, attemptsMade: 1 };
const plan = (before: Partial<IssueFields>, progress: RunProgress = "none"): Entry =>
  planEntry({ ...parseIssueState({}), ...before }, { ...facts, progress });
const ago = (days: number) => new Date(NOW - days * DAY).toISOString();
const answer = { commentId: 7, author: "octo", text: "the red one" };

const WITHHELD = {
  state: "blocked",
  outcome: "blocked",
  since: ago(1),
  question: "The work changes protected files.",
  questionId: 7,
  checkpoint: "worked",
  agentRuns: 1,
  withheld: { reason: "The work changes protected files.", canAllow: true, event: 0 },
} as const;

interface Row {
  readonly what: string;
  readonly before: Partial<IssueFields>;
  readonly do: Entry["do"];
  readonly why?: object | null;
  readonly patch?: IssuePatch;
}

const ROWS: readonly Row[] = [
  { what: "nobody worked on it", before: {}, do: "work", why: null },
  { what: "queued", before: { state: "queued" }, do: "work", why: null },
  { what: "prepared, no agent yet", before: { state: "running", checkpoint: "prepared" }, do: "work", why: null },
  {
    what: "handed back in the middle",
    before: { state: "queued", checkpoint: "prepared", agentRuns: 1 },
    do: "work",
    why: { kind: "interrupted" },
  },
  {
    what: "the agent failed",
    before: { state: "retrying", agentRuns: 1, failure: "agent", reason: "boom" },
    do: "work",
    why: { kind: "failed", message: "boom" },
  },
  {
    what: "it stalled",
    before: { state: "retrying", agentRuns: 1, failure: "stalled" },
    do: "work",
    why: { kind: "failed", message: "stalled" },
  },
  {
    what: "nothing was changed",
    before: { state: "retrying", agentRuns: 1, failure: "no-changes", reason: "x" },
    do: "work",
    why: { kind: "no-changes" },
  },
  {
    what: "its agent left something open",
    before: { state: "retrying", agentRuns: 1, failure: "unfinished", reason: "it planned to continue later" },
    do: "work",
    why: { kind: "unfinished", message: "it planned to continue later" },
  },
  {
    what: "a round after an answer: its session goes on",
    before: { state: "queued", agentRuns: 0, session: "s" },
    do: "work",
    why: { kind: "next-round" },
  },
  {
    what: "an answer, tried again in Bull Board",
    before: { state: "answered", outcome: "answered", endedAttempt: 0, agentRuns: 1, session: "s", hasAnswer: "yes" },
    do: "work",
    why: { kind: "next-round" },
  },
  {
    what: "parked by a usage limit",
    before: { state: "parked", agentRuns: 1, failure: "usage-limit" },
    do: "work",
    why: { kind: "interrupted" },
  },
  { what: "worked, not published", before: { state: "parked", checkpoint: "worked", agentRuns: 1 }, do: "publish" },
  { what: "published, not reported", before: { checkpoint: "published", outcome: "pr" }, do: "report" },
  { what: "a decided end outlives a stop", before: { outcome: "pr", stop: "by octo" }, do: "report", patch: {} },
  {
    what: "an end that could not be told: told as it was",
    before: {
      state: "parked",
      outcome: "failed",
      failure: "github",
      reason: "502",
      end: { failure: "agent", reason: "x" },
    },
    do: "report",
    patch: { failure: "agent", reason: "x", end: null },
  },
  {
    what: "stopped while it waited",
    before: { state: "parked", checkpoint: "worked", stop: "by octo" },
    do: "report",
    patch: { outcome: "stopped", reason: "by octo", outcomeRun: "me" },
  },
  {
    what: "cancelled before stopped",
    before: { state: "parked", stop: "by octo", cancel: "closed" },
    do: "report",
    patch: { outcome: "cancelled", reason: "closed" },
  },
  // A run that ended without a word.
  { what: "lost once", before: { run: "dead", lost: 0 }, do: "work", patch: { lost: 1 } },
  { what: "lost twice in a row", before: { run: "dead", lost: 1 }, do: "work", patch: { lost: 2 } },
  {
    what: "lost three times in a row",
    before: { run: "dead", lost: 2, agentRuns: 2 },
    do: "give up",
    patch: { lost: 3, outcome: "failed", failure: "lost", outcomeRun: "me" },
  },
  {
    what: "lost three times in a row, and stopped meanwhile",
    before: { run: "dead", lost: 2, agentRuns: 2, stop: "by octo" },
    do: "report",
    patch: { lost: 3, outcome: "stopped" },
  },
  {
    what: "lost while it published",
    before: { run: "dead", lost: 1, checkpoint: "worked" },
    do: "publish",
    patch: { lost: 2 },
  },
  { what: "lost while it reported", before: { run: "dead", lost: 5, outcome: "pr" }, do: "report", patch: { lost: 6 } },
  { what: "not lost: handed back", before: { run: null, lost: 2 }, do: "work", patch: {} },
  // Questions.
  { what: "a question a day old", before: { state: "blocked", outcome: "blocked", since: ago(1) }, do: "wait" },
  {
    what: "a question that nobody answered",
    before: { state: "blocked", outcome: "blocked", since: ago(14) },
    do: "report",
    patch: { outcome: "expired", outcomeRun: "me" },
  },
  { what: "a question of an unknown time", before: { state: "blocked", outcome: "blocked", since: null }, do: "wait" },
  {
    what: "an answer, however late",
    before: {
      state: "blocked",
      outcome: "blocked",
      question: "?",
      questionId: 5,
      since: ago(20),
      answer,
      agentRuns: 1,
    },
    do: "work",
    why: { kind: "answer", author: "octo", text: "the red one", withheld: null },
    patch: { answer, outcome: null, question: null, questionId: null, checkpoint: "none" },
  },
  {
    what: "withheld work whose publication was allowed",
    before: { ...WITHHELD, allowed: 60, answer },
    do: "publish",
    patch: {
      outcome: null,
      question: null,
      withheld: null,
      allowed: null,
      answer: null,
      state: "running",
      workedAt: new Date(NOW).toISOString(),
    },
  },
  {
    what: "withheld work that Redis had forgotten",
    before: { ...WITHHELD, checkpoint: "none", allowed: 60 },
    do: "work",
    why: { kind: "interrupted" },
  },
  {
    what: "withheld work that is to be changed",
    before: { ...WITHHELD, answer },
    do: "work",
    why: { kind: "answer", author: "octo", text: "the red one", withheld: "The work changes protected files." },
    patch: { answer, outcome: null, withheld: WITHHELD.withheld, checkpoint: "none" },
  },
  { what: "withheld work that was stopped", before: { ...WITHHELD, allowed: 60, stop: "by octo" }, do: "report" },
  { what: "withheld work that waits", before: WITHHELD, do: "wait" },
  {
    what: "withheld work that expires",
    before: { ...WITHHELD, since: ago(15) },
    do: "report",
    patch: { outcome: "expired", reason: "there was no decision in time about publishing the finished work" },
  },
  {
    what: "an answer whose run was lost before it used it",
    before: { state: "running", run: "dead", answer, agentRuns: 1 },
    do: "work",
    why: { kind: "answer", author: "octo", text: "the red one", withheld: null },
  },
  {
    what: "a question whose issue was closed",
    before: { state: "blocked", outcome: "blocked", since: ago(1), cancel: "closed" },
    do: "report",
    patch: { outcome: "cancelled" },
  },
  {
    what: "an answered question whose issue was closed",
    before: { state: "blocked", outcome: "blocked", since: ago(1), answer, cancel: "closed" },
    do: "report",
    patch: { outcome: "cancelled" },
  },
  {
    what: "an answered question whose job was stopped",
    before: { state: "blocked", outcome: "blocked", since: ago(1), answer, stop: "by octo" },
    do: "report",
    patch: { outcome: "stopped" },
  },
  {
    what: "a question whose job was stopped",
    before: { state: "blocked", outcome: "blocked", since: ago(1), stop: "by octo" },
    do: "report",
    patch: { outcome: "stopped" },
  },
  // Again after an end: Bull Board's retry leaves the hash as it was.
  {
    what: "failed",
    before: { state: "failed", outcome: "failed", agentRuns: 3, session: "s", stop: "old" },
    do: "work",
    why: null,
    patch: { state: "queued", outcome: null, session: null, stop: null, agentRuns: 0, lost: 0 },
  },
  { what: "failed to publish", before: { state: "failed", outcome: "failed", checkpoint: "worked" }, do: "publish" },
  { what: "done", before: { state: "pr", outcome: "pr", checkpoint: "published" }, do: "work", why: null },
  { what: "done, and BullMQ knows it", before: { state: "pr", outcome: "pr", endedAttempt: 0 }, do: "work", why: null },
  {
    what: "done, and BullMQ has not heard of it",
    before: { state: "pr", outcome: "pr", endedAttempt: 1 },
    do: "close",
  },
];

test.each(ROWS)("$what → $do", ({ before, do: expected, why, patch }) => {
  const entry = plan(before);
  expect(entry.do).toBe(expected);
  if (why !== undefined) expect(entry).toHaveProperty("why", why);
  if (patch !== undefined && "patch" in entry) expect(entry.patch).toMatchObject(patch);
});

test("a question waits until its last day, and no longer", () => {
  expect(plan({ state: "blocked", since: ago(1) })).toEqual({ do: "wait", until: NOW + 13 * DAY });
  expect(plan({ state: "blocked", since: null })).toEqual({ do: "wait", until: NOW + 14 * DAY });
});

fieldTest("F1", "a lost run that made progress does not count towards the limit", () => {
  const before = { run: "dead", lost: MAX_LOST_IN_A_ROW - 1, unchanged: 3, agentRuns: 3 };
  expect(plan(before, "steps")).toMatchObject({ do: "work", patch: { lost: 0, unchanged: 4 } });
  expect(plan(before, "changes")).toMatchObject({ do: "work", patch: { lost: 0, unchanged: 0 } });
  expect(plan(before, "none")).toMatchObject({ do: "give up", patch: { failure: "lost" } });
});

fieldTest("B5", "runs that were handed back without progress end the issue, and no agent is started", () => {
  const before = { state: "queued", run: null, checkpoint: "prepared", agentRuns: 3 } as const;
  expect(plan({ ...before, lost: MAX_LOST_IN_A_ROW - 1 })).toMatchObject({ do: "work", patch: {} });
  expect(plan({ ...before, lost: MAX_LOST_IN_A_ROW })).toMatchObject({
    do: "give up",
    patch: { outcome: "failed", failure: "lost", reason: expect.stringMatching(/runner ended 3 times/) },
  });
  expect(plan({ ...before, lost: 0, unchanged: MAX_UNCHANGED_IN_A_ROW })).toMatchObject({ do: "give up" });
});

test("finished work is published again after lost runs, which cost nothing, and given up only after many", () => {
  const before = { run: "dead", checkpoint: "worked", agentRuns: 1 } as const;
  expect(plan({ ...before, lost: MAX_LOST_IN_A_ROW - 1 })).toMatchObject({ do: "publish" });
  expect(plan({ ...before, lost: 19, unchanged: 19, brokenOff: 19 })).toMatchObject({ do: "give up" });
});
