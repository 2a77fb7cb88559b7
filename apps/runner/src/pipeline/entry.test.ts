import { expect, test } from "vitest";
import { applyPatch, parseIssueState, type IssuePatch } from "@tac8/core/state/issueState";
import { MAX_LOST_IN_A_ROW, MAX_UNCHANGED_IN_A_ROW, type RunProgress } from "@tac8/core/domain/brokenOff";
import { questionDueAt } from "@tac8/core/domain/questionExpiry";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { planEntry, type Entry } from "./entry.ts";

const DAY = 24 * 3_600_000;
const NOW = Date.parse("2026-11-22T12:00:00Z");
const facts = { runId: "me", blockedExpiresMs: 14 * DAY, now: NOW, attemptsMade: 1 };
const plan = (before: IssuePatch, progress: RunProgress = "none"): Entry =>
  planEntry(applyPatch(parseIssueState({}), before), { ...facts, progress });
const ago = (days: number) => new Date(NOW - days * DAY).toISOString();
const answer = { commentId: 7, author: "octo", text: "the red one" };

const WITHHELD = {
  state: "blocked",
  "end.outcome": "blocked",
  since: ago(1),
  "question.text": "The work changes protected files.",
  "question.commentId": 7,
  checkpoint: "worked",
  "agent.runCount": 1,
  "work.withheld": { reason: "The work changes protected files.", canAllow: true, event: 0 },
} as const;

interface Row {
  readonly what: string;
  readonly before: IssuePatch;
  readonly do: Entry["do"];
  readonly resumeReason?: object | null;
  readonly patch?: IssuePatch;
}

const ROWS: readonly Row[] = [
  { what: "no work yet", before: {}, do: "work", resumeReason: null },
  { what: "queued", before: { state: "queued" }, do: "work", resumeReason: null },
  {
    what: "prepared, no agent yet",
    before: { state: "running", checkpoint: "prepared" },
    do: "work",
    resumeReason: null,
  },
  {
    what: "requeued in the middle",
    before: { state: "queued", checkpoint: "prepared", "agent.runCount": 1 },
    do: "work",
    resumeReason: { kind: "interrupted" },
  },
  {
    what: "the agent failed",
    before: { state: "retrying", "agent.runCount": 1, "end.failure": "agent", "end.reason": "boom" },
    do: "work",
    resumeReason: { kind: "failed", message: "boom" },
  },
  {
    what: "it stalled",
    before: { state: "retrying", "agent.runCount": 1, "end.failure": "stalled" },
    do: "work",
    resumeReason: { kind: "failed", message: "stalled" },
  },
  {
    what: "a failure that the agent can do nothing about",
    before: { state: "parked", "agent.runCount": 1, "end.failure": "auth", "end.reason": "401" },
    do: "work",
    resumeReason: { kind: "interrupted" },
  },
  {
    what: "nothing was changed",
    before: { state: "retrying", "agent.runCount": 1, "end.failure": "no-changes", "end.reason": "x" },
    do: "work",
    resumeReason: { kind: "no-changes" },
  },
  {
    what: "its agent left something open",
    before: {
      state: "retrying",
      "agent.runCount": 1,
      "end.failure": "unfinished",
      "end.reason": "it planned to continue later",
    },
    do: "work",
    resumeReason: { kind: "unfinished", message: "it planned to continue later" },
  },
  {
    what: "a round after an answer resumes its session",
    before: { state: "queued", "agent.runCount": 0, "agent.session": "s" },
    do: "work",
    resumeReason: { kind: "next-round" },
  },
  {
    what: "an answer, tried again in Bull Board",
    before: {
      state: "answered",
      "end.outcome": "answered",
      "end.attempt": 0,
      "agent.runCount": 1,
      "agent.session": "s",
      "work.isAnswer": "yes",
    },
    do: "work",
    resumeReason: { kind: "next-round" },
  },
  {
    what: "parked by a usage limit",
    before: { state: "parked", "agent.runCount": 1, "end.failure": "usage-limit" },
    do: "work",
    resumeReason: { kind: "interrupted" },
  },
  {
    what: "worked, not published",
    before: { state: "parked", checkpoint: "worked", "agent.runCount": 1 },
    do: "publish",
  },
  { what: "published, not reported", before: { checkpoint: "published", "end.outcome": "pr" }, do: "report" },
  {
    what: "a decided end outlives a stop",
    before: { "end.outcome": "pr", "command.stop": "by octo" },
    do: "report",
    patch: {},
  },
  {
    what: "an end that could not be reported is reported unchanged",
    before: {
      state: "parked",
      "end.outcome": "failed",
      "end.failure": "github",
      "end.reason": "502",
      "end.decided": { failure: "agent", reason: "x" },
    },
    do: "report",
    patch: { "end.failure": "agent", "end.reason": "x", "end.decided": null },
  },
  {
    what: "stopped while it waited",
    before: { state: "parked", checkpoint: "worked", "command.stop": "by octo" },
    do: "report",
    patch: { "end.outcome": "stopped", "end.reason": "by octo", "end.run": "me" },
  },
  {
    what: "cancelled before stopped",
    before: { state: "parked", "command.stop": "by octo", "command.cancel": "closed" },
    do: "report",
    patch: { "end.outcome": "cancelled", "end.reason": "closed" },
  },
  // A lost run.
  { what: "lost once", before: { "run.id": "dead", "counts.lost": 0 }, do: "work", patch: { "counts.lost": 1 } },
  {
    what: "lost twice in a row",
    before: { "run.id": "dead", "counts.lost": 1 },
    do: "work",
    patch: { "counts.lost": 2 },
  },
  {
    what: "lost three times in a row",
    before: { "run.id": "dead", "counts.lost": 2, "agent.runCount": 2 },
    do: "save-and-fail",
    patch: { "counts.lost": 3, "end.outcome": "failed", "end.failure": "lost", "end.run": "me" },
  },
  {
    what: "lost three times in a row, and stopped meanwhile",
    before: { "run.id": "dead", "counts.lost": 2, "agent.runCount": 2, "command.stop": "by octo" },
    do: "report",
    patch: { "counts.lost": 3, "end.outcome": "stopped" },
  },
  {
    what: "lost while it published",
    before: { "run.id": "dead", "counts.lost": 1, checkpoint: "worked" },
    do: "publish",
    patch: { "counts.lost": 2 },
  },
  {
    what: "lost while it reported",
    before: { "run.id": "dead", "counts.lost": 5, "end.outcome": "pr" },
    do: "report",
    patch: { "counts.lost": 6 },
  },
  { what: "requeued, not lost", before: { "run.id": null, "counts.lost": 2 }, do: "work", patch: {} },
  // Questions.
  { what: "a question a day old", before: { state: "blocked", "end.outcome": "blocked", since: ago(1) }, do: "wait" },
  {
    what: "a question without an answer",
    before: { state: "blocked", "end.outcome": "blocked", since: ago(14) },
    do: "report",
    patch: { "end.outcome": "expired", "end.run": "me" },
  },
  {
    what: "a question of an unknown time",
    before: { state: "blocked", "end.outcome": "blocked", since: null },
    do: "wait",
  },
  {
    what: "an answer, however late",
    before: {
      state: "blocked",
      "end.outcome": "blocked",
      "question.text": "?",
      "question.commentId": 5,
      since: ago(20),
      "question.reply": answer,
      "agent.runCount": 1,
    },
    do: "work",
    resumeReason: { kind: "reply", author: "octo", text: "the red one", withheld: null },
    patch: {
      "question.reply": answer,
      "end.outcome": null,
      "question.text": null,
      "question.commentId": null,
      checkpoint: "none",
    },
  },
  {
    what: "withheld work whose publication was allowed",
    before: { ...WITHHELD, "work.allowed": 60, "question.reply": answer },
    do: "publish",
    patch: {
      "end.outcome": null,
      "question.text": null,
      "work.withheld": null,
      "work.allowed": null,
      "question.reply": null,
      state: "running",
      "work.finishedAt": new Date(NOW).toISOString(),
    },
  },
  {
    what: "withheld work that was missing in Redis",
    before: { ...WITHHELD, checkpoint: "none", "work.allowed": 60 },
    do: "work",
    resumeReason: { kind: "interrupted" },
  },
  {
    what: "withheld work that is to be changed",
    before: { ...WITHHELD, "question.reply": answer },
    do: "work",
    resumeReason: { kind: "reply", author: "octo", text: "the red one", withheld: "The work changes protected files." },
    patch: {
      "question.reply": answer,
      "end.outcome": null,
      "work.withheld": WITHHELD["work.withheld"],
      checkpoint: "none",
    },
  },
  {
    what: "withheld work that was stopped",
    before: { ...WITHHELD, "work.allowed": 60, "command.stop": "by octo" },
    do: "report",
  },
  { what: "withheld work that waits", before: WITHHELD, do: "wait" },
  {
    what: "withheld work that expires",
    before: { ...WITHHELD, since: ago(15) },
    do: "report",
    patch: {
      "end.outcome": "expired",
      "end.reason": "there was no decision in time about publishing the finished work",
    },
  },
  {
    what: "an answer whose run was lost before it used it",
    before: { state: "running", "run.id": "dead", "question.reply": answer, "agent.runCount": 1 },
    do: "work",
    resumeReason: { kind: "reply", author: "octo", text: "the red one", withheld: null },
  },
  {
    what: "a question whose issue was closed",
    before: { state: "blocked", "end.outcome": "blocked", since: ago(1), "command.cancel": "closed" },
    do: "report",
    patch: { "end.outcome": "cancelled" },
  },
  {
    what: "an answered question whose issue was closed",
    before: {
      state: "blocked",
      "end.outcome": "blocked",
      since: ago(1),
      "question.reply": answer,
      "command.cancel": "closed",
    },
    do: "report",
    patch: { "end.outcome": "cancelled" },
  },
  {
    what: "an answered question whose job was stopped",
    before: {
      state: "blocked",
      "end.outcome": "blocked",
      since: ago(1),
      "question.reply": answer,
      "command.stop": "by octo",
    },
    do: "report",
    patch: { "end.outcome": "stopped" },
  },
  {
    what: "a question whose job was stopped",
    before: { state: "blocked", "end.outcome": "blocked", since: ago(1), "command.stop": "by octo" },
    do: "report",
    patch: { "end.outcome": "stopped" },
  },
  // Again after an end, because Bull Board's retry does not change the record.
  {
    what: "failed",
    before: {
      state: "failed",
      "end.outcome": "failed",
      "agent.runCount": 3,
      "agent.session": "s",
      "command.stop": "old",
    },
    do: "work",
    resumeReason: null,
    patch: {
      state: "queued",
      "end.outcome": null,
      "agent.session": null,
      "command.stop": null,
      "agent.runCount": 0,
      "counts.lost": 0,
    },
  },
  {
    what: "failed to publish",
    before: { state: "failed", "end.outcome": "failed", checkpoint: "worked" },
    do: "publish",
  },
  {
    what: "done",
    before: { state: "pr", "end.outcome": "pr", checkpoint: "published" },
    do: "work",
    resumeReason: null,
  },
  {
    what: "done, and BullMQ knows it",
    before: { state: "pr", "end.outcome": "pr", "end.attempt": 0 },
    do: "work",
    resumeReason: null,
  },
  {
    what: "done, and BullMQ does not know it yet",
    before: { state: "pr", "end.outcome": "pr", "end.attempt": 1 },
    do: "close-job",
  },
];

test.each(ROWS)("$what → $do", ({ before, do: expected, resumeReason, patch }) => {
  const entry = plan(before);
  expect(entry.do).toBe(expected);
  if (resumeReason !== undefined) expect(entry).toHaveProperty("resumeReason", resumeReason);
  if (patch !== undefined && "patch" in entry) expect(entry.patch).toMatchObject(patch);
});

test("a question waits until its last day, and no longer", () => {
  for (const since of [ago(1), null]) {
    const until = questionDueAt({ since, question: { askedAt: null } }, facts.blockedExpiresMs, NOW);
    expect(plan({ state: "blocked", since })).toEqual({ do: "wait", until });
  }
});

fieldTest("F1", "a lost run that made progress does not count towards the limit", () => {
  const before = { "run.id": "dead", "counts.lost": MAX_LOST_IN_A_ROW - 1, "counts.unchanged": 3, "agent.runCount": 3 };
  expect(plan(before, "steps")).toMatchObject({ do: "work", patch: { "counts.lost": 0, "counts.unchanged": 4 } });
  expect(plan(before, "changes")).toMatchObject({ do: "work", patch: { "counts.lost": 0, "counts.unchanged": 0 } });
  expect(plan(before, "none")).toMatchObject({ do: "save-and-fail", patch: { "end.failure": "lost" } });
});

fieldTest("B5", "too many requeued runs without progress end the issue, and no agent is started", () => {
  const before = { state: "queued", "run.id": null, checkpoint: "prepared", "agent.runCount": 3 } as const;
  expect(plan({ ...before, "counts.lost": MAX_LOST_IN_A_ROW - 1 })).toMatchObject({ do: "work", patch: {} });
  expect(plan({ ...before, "counts.lost": MAX_LOST_IN_A_ROW })).toMatchObject({
    do: "save-and-fail",
    patch: {
      "end.outcome": "failed",
      "end.failure": "lost",
      "end.reason": expect.stringMatching(/runner ended 3 times/),
    },
  });
  expect(plan({ ...before, "counts.lost": 0, "counts.unchanged": MAX_UNCHANGED_IN_A_ROW })).toMatchObject({
    do: "save-and-fail",
  });
});

test("finished work is published again after lost runs, and abandoned only after many of them", () => {
  const before = { "run.id": "dead", checkpoint: "worked", "agent.runCount": 1 } as const;
  expect(plan({ ...before, "counts.lost": MAX_LOST_IN_A_ROW - 1 })).toMatchObject({ do: "publish" });
  expect(plan({ ...before, "counts.lost": 19, "counts.unchanged": 19, "counts.brokenOff": 19 })).toMatchObject({
    do: "save-and-fail",
  });
});
