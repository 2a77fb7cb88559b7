import {
  countBrokenOff,
  MAX_BROKEN_OFF_IN_A_ROW,
  MAX_LOST_IN_A_ROW,
  tooOften,
  type RunProgress,
} from "@tac8/core/domain/brokenOff";
import type { ResumeReason } from "../prompt/prompt.ts";
import { isEnded, reached } from "@tac8/core/domain/states";
import type { IssueFields, IssuePatch } from "@tac8/core/state/issueState";
import { CLEAN, reopen } from "@tac8/core/state/reopen";
import type { FailureKind } from "@tac8/core/domain/failures";
import { questionExpiresAt } from "@tac8/core/domain/questionExpiry";

/** Where a run begins, decided from what the hash said before it. */
export type Entry =
  /** Nothing to do now: wait on. */
  | { readonly do: "wait"; readonly until: number }
  /** It came to its end, and only BullMQ has not heard of it: the runner died in between. */
  | { readonly do: "close" }
  /** The end is decided and still has to be told. */
  | { readonly do: "report"; readonly patch: IssuePatch }
  /** Too many runs ended with their runner: what they left is saved, then the end that the patch has is reported. */
  | { readonly do: "give up"; readonly patch: IssuePatch }
  | { readonly do: "publish"; readonly patch: IssuePatch }
  | { readonly do: "work"; readonly patch: IssuePatch; readonly why: ResumeReason | null };

export interface EntryFacts {
  readonly runId: string;
  readonly blockedExpiresMs: number;
  readonly now: number;
  /** BullMQ's count of attempts that came to an end. */
  readonly attemptsMade: number;
  /** Of the run that was lost; ignored where none was. */
  readonly progress: RunProgress;
}

/** Pure. */
export function planEntry(before: IssueFields, facts: EntryFacts): Entry {
  if (isEnded(before.state)) {
    if (before.endedAttempt === facts.attemptsMade) return { do: "close" };
    // Bull Board's retry moves the job alone. A withdrawn one was only taken before its job could be removed.
    const begun = new Date(facts.now).toISOString();
    const retry = before.state === "withdrawn" ? { retried: null } : ({ retried: begun, state: "queued" } as const);
    const patch = { ...reopen(before), ...retry, begun };
    if (patch.checkpoint === "worked") return { do: "publish", patch };
    return { do: "work", patch, why: resumeReason({ ...before, ...patch } as IssueFields) };
  }
  const lost = before.run === null ? {} : countBrokenOff(before, facts.progress);
  if (before.state === "blocked") return afterQuestion(before, facts, lost);
  if (before.outcome !== null) return { do: "report", patch: { ...lost, ...before.end, end: null } };
  if (before.cancel !== null) return decided("cancelled", before.cancel, facts, lost);
  if (before.stop !== null) return decided("stopped", before.stop, facts, lost);
  const worked = reached(before.checkpoint, "worked");
  const how = before.run === null ? "handed back" : "lost";
  // To publish finished work costs nothing: it is given up only where each try ends its runner.
  const reason = tooOften({ ...before, ...lost }, how, worked ? MAX_BROKEN_OFF_IN_A_ROW : MAX_LOST_IN_A_ROW);
  if (reason !== null) {
    return { do: "give up", patch: { ...lost, outcome: "failed", failure: "lost", reason, outcomeRun: facts.runId } };
  }
  if (worked) return { do: "publish", patch: lost };
  return { do: "work", patch: lost, why: resumeReason(before) };
}

function afterQuestion(before: IssueFields, facts: EntryFacts, lost: IssuePatch): Entry {
  // The wish is the newer one: with an answer the work goes on at once.
  if (before.stop !== null) return decided("stopped", before.stop, facts, lost);
  if (before.cancel !== null) return decided("cancelled", before.cancel, facts, lost);
  // Who allows it may have said so in words, too: no agent is needed for these.
  if (before.allowed !== null && before.withheld !== null) {
    const patch = { ...CLEAN, ...lost };
    if (!reached(before.checkpoint, "worked")) return { do: "work", patch, why: { kind: "interrupted" } };
    // In the same write: a run that is lost after half of it would find a question that nobody can answer.
    const since = new Date(facts.now).toISOString();
    // From now on its runner is waited for: until now nobody needed it.
    return { do: "publish", patch: { ...patch, state: "running", since, workedAt: since } };
  }
  if (before.answer !== null) {
    const { author, text } = before.answer;
    const { withheld } = before;
    const patch = { ...CLEAN, ...lost, answer: before.answer, withheld, checkpoint: "none" as const };
    return { do: "work", patch, why: { kind: "answer", author, text, withheld: withheld?.reason ?? null } };
  }
  const until = questionExpiresAt(before, facts.blockedExpiresMs) ?? facts.now + facts.blockedExpiresMs;
  if (facts.now < until) return { do: "wait", until };
  const why =
    before.withheld === null
      ? "the question was not answered in time"
      : "there was no decision in time about publishing the finished work";
  return decided("expired", why, facts, lost);
}

function decided(
  outcome: "cancelled" | "stopped" | "expired",
  reason: string,
  { runId }: EntryFacts,
  lost: IssuePatch,
): Entry {
  return { do: "report", patch: { ...lost, outcome, reason, outcomeRun: runId } };
}

function resumeReason(before: IssueFields): ResumeReason | null {
  if (before.answer !== null) {
    const { author, text } = before.answer;
    return { kind: "answer", author, text, withheld: before.withheld?.reason ?? null };
  }
  // A new round has a session only where the one before ended with an answer.
  if (before.agentRuns === 0) return before.session === null ? null : { kind: "next-round" };
  if (before.failure === "no-changes") return { kind: "no-changes" };
  if (before.failure === "unfinished") return { kind: "unfinished", message: before.reason ?? "something" };
  const told: readonly (FailureKind | null)[] = [
    "agent",
    "timeout",
    "stalled",
    "out-of-memory",
    "process-limit",
    "disk-full",
    "disk",
    "refused",
  ];
  if (told.includes(before.failure)) return { kind: "failed", message: before.reason ?? before.failure ?? "unknown" };
  return { kind: "interrupted" };
}
