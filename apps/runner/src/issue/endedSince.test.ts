import { expect, test } from "vitest";
import { isEnded, ISSUE_STATES } from "@tac8/core/domain/states";
import { applyPatch, parseIssueState } from "@tac8/core/state/issueState";
import { planEntry } from "../pipeline/entry.ts";
import { endedSinceBackup, needsEndCheck } from "./endedSince.ts";

const RESTORED = "2026-11-28T12:00:00.000Z";
const former = { n: 1, run: "former", runner: "r", at: "2026-11-28T10:00:00.000Z", session: "s" };
const live = { n: 2, run: "live", runner: "r", at: "2026-11-28T11:30:00.000Z", session: "s" };
const state = {
  restoredAt: RESTORED,
  round: { retriedAt: null },
  agent: { runs: [former, live] },
  end: { run: "before" },
};
const retried = { ...state, round: { retriedAt: "2026-11-28T11:00:00.000Z" } };
const reported = { run: "later", outcome: "pr", labelEvent: 7 };

test.each([
  { name: "it ended", state, reported, newest: 7, ended: true },
  {
    name: "it ended by the run that worked on it at the backup",
    state,
    reported: { ...reported, run: "live" },
    newest: 7,
    ended: true,
  },
  { name: "it ended with a failure", state, reported: { ...reported, outcome: "failed" }, newest: 7, ended: true },
  {
    name: "it ended in a round that was started by a retry",
    state: retried,
    reported: { ...reported, run: "live" },
    newest: 7,
    ended: true,
  },
  { name: "no end was reported", state, reported: null, newest: 7, ended: false },
  { name: "it waits for an answer", state, reported: { ...reported, outcome: "blocked" }, newest: 7, ended: false },
  { name: "it was not restored", state: { ...state, restoredAt: null }, reported, newest: 7, ended: false },
  { name: "it was labelled after that end", state, reported, newest: 8, ended: false },
  {
    name: "a user has retried it since",
    state: { ...state, round: { retriedAt: "2026-11-28T12:30:00.000Z" } },
    reported,
    newest: 7,
    ended: false,
  },
  { name: "the backup knows that end", state, reported: { ...reported, run: "before" }, newest: 7, ended: false },
  {
    name: "that end is from the round before a retry",
    state: retried,
    reported: { ...reported, run: "former" },
    newest: 7,
    ended: false,
  },
])("$name: $ended", ({ state: given, reported: end, newest, ended }) => {
  expect(endedSinceBackup(given, { reported: end, newest })).toBe(ended);
});

test.each(ISSUE_STATES.filter((state) => isEnded(state)))(
  "restored as %s, with its job put back into the queue: a retry, so GitHub is not asked",
  (state) => {
    const before = applyPatch(parseIssueState({}), {
      state,
      restoredAt: RESTORED,
      "end.outcome": state,
      "end.attempt": 0,
    });
    const facts = { runId: "me", blockedExpiresMs: 1, now: Date.parse(RESTORED), attemptsMade: 1, progress: "none" };
    const entry = planEntry(before, facts as Parameters<typeof planEntry>[1]);
    if (!("patch" in entry)) throw new Error(entry.do);
    // A withdrawn issue was taken only before its job could be removed.
    expect(needsEndCheck(before, entry.patch)).toBe(state === "withdrawn");
  },
);
