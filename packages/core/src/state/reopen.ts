import { NOT_BROKEN_OFF } from "../domain/brokenOff.ts";
import type { IssueFields, IssuePatch } from "./issueState.ts";

/** Everything that belonged to an end, or to the tries before it. */
export const CLEAN = {
  outcome: null,
  outcomeRun: null,
  endedAttempt: null,
  failure: null,
  reason: null,
  end: null,
  question: null,
  questionId: null,
  askedAt: null,
  answer: null,
  withheld: null,
  allowed: null,
  hasAnswer: null,
  denied: null,
  blockedHosts: null,
  stop: null,
  stopMode: null,
  cancel: null,
  labelLeft: null,
  ...NOT_BROKEN_OFF,
  parked: 0,
  hold: null,
  noChanges: 0,
} as const satisfies IssuePatch;

/**
 * What a person's retry, or a new label, starts an ended issue from: a clean sheet on the branch that is there. A failed
 * publish goes on from there instead: paid agent work is never done twice. What GitHub refused because of its content
 * would be refused again: the agent's session goes on, and is told why. So it does after an answer.
 */
export function reopen(
  before: Pick<IssueFields, "state" | "failure" | "reason" | "checkpoint"> & Partial<Pick<IssueFields, "admitted">>,
): IssuePatch & { readonly checkpoint: "none" | "worked" } {
  // Where the work itself brought nothing, publishing it once more would end the same; of one that was made for another text,
  // nobody knows whether it is wanted.
  const ended = before.state === "failed" || before.state === "expired";
  const unpublished =
    ended && before.checkpoint === "worked" && !["no-changes", "edited"].includes(before.failure ?? "");
  // What was refused may also have been the label alone, put back on by somebody who may not.
  if (unpublished && before.failure === "refused" && before.admitted !== null) {
    return { ...CLEAN, admitted: null, retried: null, checkpoint: "none", failure: "refused", reason: before.reason };
  }
  if (unpublished) return { ...CLEAN, admitted: null, retried: null, checkpoint: "worked" };
  const anew = { usage: null, models: null, summary: null, agentRuns: 0 };
  // Nothing was changed: the talk goes on where it was left.
  if (before.state === "answered") return { ...CLEAN, admitted: null, retried: null, checkpoint: "none", ...anew };
  return { ...CLEAN, admitted: null, retried: null, checkpoint: "none", ...anew, session: null };
}
