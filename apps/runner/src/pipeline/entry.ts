import {
  countBrokenOff,
  MAX_BROKEN_OFF_IN_A_ROW,
  MAX_LOST_IN_A_ROW,
  tooOften,
  type RunProgress,
} from "@tac8/core/domain/brokenOff";
import type { ResumeReason } from "../prompt/prompt.ts";
import { isEnded, hasReached } from "@tac8/core/domain/states";
import { applyPatch, groupPatch, type IssuePatch, type IssueRecord } from "@tac8/core/state/issueState";
import { NO_FORMER_END, reopen } from "@tac8/core/state/reopen";
import { POLICY } from "@tac8/core/domain/failures";
import { questionDueAt } from "@tac8/core/domain/questionExpiry";

/** First step of a run, decided from the record before the run. */
export type Entry =
  /** There is nothing to do now. */
  | { readonly do: "wait"; readonly until: number }
  /** The issue ended, but BullMQ still has its job, because the runner died in between. Only the job is completed. */
  | { readonly do: "close-job" }
  /** The issue's end is decided, and not reported yet. */
  | { readonly do: "report"; readonly patch: IssuePatch }
  /** Too many runs in a row were broken off. Their work is saved, then the failure in the patch is reported. */
  | { readonly do: "save-and-fail"; readonly patch: IssuePatch }
  /** The agent's work is finished, and only has to be published. */
  | { readonly do: "publish"; readonly patch: IssuePatch }
  /** An agent has to work. `resumeReason`: why its work is resumed; null if it is new. */
  | { readonly do: "work"; readonly patch: IssuePatch; readonly resumeReason: ResumeReason | null };

export interface EntryFacts {
  readonly runId: string;
  readonly blockedExpiresMs: number;
  readonly now: number;
  /** Attempts that have finished, as BullMQ counts them. */
  readonly attemptsMade: number;
  /** Progress of the lost run. Ignored if no run was lost. */
  readonly progress: RunProgress;
}

/** Decide with which step a run begins. Pure. @param before the record before this run */
export function planEntry(before: IssueRecord, facts: EntryFacts): Entry {
  if (isEnded(before.state)) {
    if (before.end.attempt === facts.attemptsMade) return { do: "close-job" };
    // Bull Board's retry moves only the job, not the record. A withdrawn issue does not count as retried: usually, a runner
    // received its job before it could be removed.
    const queuedAt = new Date(facts.now).toISOString();
    const retry =
      before.state === "withdrawn"
        ? { "round.retriedAt": null }
        : ({ "round.retriedAt": queuedAt, state: "queued" } as const);
    const patch = { ...reopen(before), ...retry, "round.queuedAt": queuedAt };
    if (patch.checkpoint === "worked") return { do: "publish", patch };
    return { do: "work", patch, resumeReason: resumeReasonOf(applyPatch(before, patch)) };
  }
  const countsPatch = before.run.id === null ? {} : groupPatch("counts", countBrokenOff(before.counts, facts.progress));
  if (before.state === "blocked") return afterBlocked(before, facts, countsPatch);
  if (before.end.outcome !== null)
    return {
      do: "report",
      patch: { ...countsPatch, ...groupPatch("end", before.end.decided ?? {}), "end.decided": null },
    };
  if (before.command.cancel !== null) return reportEntry("cancelled", before.command.cancel, facts, countsPatch);
  if (before.command.stop !== null) return reportEntry("stopped", before.command.stop, facts, countsPatch);
  const isWorkFinished = hasReached(before.checkpoint, "worked");
  const brokenOffBy = before.run.id === null ? "requeued" : "lost";
  // Publishing costs nothing, so finished work gets more tries.
  const reason = tooOften(
    applyPatch(before, countsPatch).counts,
    brokenOffBy,
    isWorkFinished ? MAX_BROKEN_OFF_IN_A_ROW : MAX_LOST_IN_A_ROW,
  );
  if (reason !== null) {
    return {
      do: "save-and-fail",
      patch: {
        ...countsPatch,
        "end.outcome": "failed",
        "end.failure": "lost",
        "end.reason": reason,
        "end.run": facts.runId,
      },
    };
  }
  if (isWorkFinished) return { do: "publish", patch: countsPatch };
  return { do: "work", patch: countsPatch, resumeReason: resumeReasonOf(before) };
}

function afterBlocked(before: IssueRecord, facts: EntryFacts, countsPatch: IssuePatch): Entry {
  // The stop is newer than the reply, because a reply continues the work at once.
  if (before.command.stop !== null) return reportEntry("stopped", before.command.stop, facts, countsPatch);
  if (before.command.cancel !== null) return reportEntry("cancelled", before.command.cancel, facts, countsPatch);
  // The user who allowed the publication may also have replied. Such a reply needs no agent.
  if (before.work.allowed !== null && before.work.withheld !== null) {
    const patch = { ...NO_FORMER_END, ...countsPatch };
    if (!hasReached(before.checkpoint, "worked")) return { do: "work", patch, resumeReason: { kind: "interrupted" } };
    const since = new Date(facts.now).toISOString();
    // One write clears the question and sets `state`: if the run were lost between two writes, the issue would be blocked without a
    // question. A runner without this work waits up to a day for the runner that has it, counted from `finishedAt`. So `finishedAt` is set
    // to now: the day begins with the permission.
    return { do: "publish", patch: { ...patch, state: "running", since, "work.finishedAt": since } };
  }
  if (before.question.reply !== null) {
    const { author, text } = before.question.reply;
    const { withheld } = before.work;
    const patch = {
      ...NO_FORMER_END,
      ...countsPatch,
      "question.reply": before.question.reply,
      "work.withheld": withheld,
      checkpoint: "none" as const,
    };
    return { do: "work", patch, resumeReason: { kind: "reply", author, text, withheld: withheld?.reason ?? null } };
  }
  const until = questionDueAt(before, facts.blockedExpiresMs, facts.now);
  if (facts.now < until) return { do: "wait", until };
  const why =
    before.work.withheld === null
      ? "the agent's question got no reply in time"
      : "there was no decision in time about publishing the finished work";
  return reportEntry("expired", why, facts, countsPatch);
}

function reportEntry(
  outcome: "cancelled" | "stopped" | "expired",
  reason: string,
  { runId }: EntryFacts,
  countsPatch: IssuePatch,
): Entry {
  return { do: "report", patch: { ...countsPatch, "end.outcome": outcome, "end.reason": reason, "end.run": runId } };
}

function resumeReasonOf(before: IssueRecord): ResumeReason | null {
  if (before.question.reply !== null) {
    const { author, text } = before.question.reply;
    return { kind: "reply", author, text, withheld: before.work.withheld?.reason ?? null };
  }
  // A new round has a session only if the previous round ended with an answer.
  if (before.agent.runCount === 0) return before.agent.session === null ? null : { kind: "next-round" };
  const { failure, reason } = before.end;
  if (failure === null || !POLICY[failure].inPrompt) return { kind: "interrupted" };
  if (failure === "no-changes") return { kind: "no-changes" };
  if (failure === "unfinished") return { kind: "unfinished", message: reason ?? "something" };
  return { kind: "failed", message: reason ?? failure };
}
