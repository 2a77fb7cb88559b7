import { StepFailure } from "@tac8/core/domain/failures";
import type { Outcome } from "@tac8/core/domain/states";
import type { AdmitField } from "../../run/owners.ts";
import { retryOptionsOf, withRetry } from "../../run/retry.ts";
import type { StepBasics } from "../../run/step.ts";
import type { WorkspacePaths } from "../../workspace/paths.ts";
import { startEventOf, type StartEvent } from "../../issue/startEvent.ts";
import { readTextThatCounts } from "../../issue/textThatCounts.ts";
import { restoreQuestion } from "./restore.ts";
import type { Admitted } from "../handover.ts";
import { readTrigger, type Trigger } from "./trigger.ts";

export interface AdmitNeeds extends StepBasics<AdmitField> {
  readonly paths: Pick<WorkspacePaths, "textNoteFile">;
}

/** Decision whether work on the issue may start. */
export interface AdmitResult {
  /** Null if the issue's end was decided here (closed, transferred, deleted, not allowed …), or if a question is open again. */
  readonly admitted: Admitted | null;
  /** The label event that started the work. Undefined if it was not read. */
  readonly startEvent: StartEvent | undefined;
}

/**
 * Decide whether work on the issue may start now. The issue must exist and be open. It must have the label, or a user has retried it, or an
 * agent has worked on it in this round. And a trusted account must have labelled it.
 */
export async function admit(run: AdmitNeeds): Promise<AdmitResult> {
  const options = { signal: run.signal };
  const retry = retryOptionsOf(run);
  const { github, ref, repository } = run.issue;
  const result = await withRetry(() => github.issue(ref, ref.number, options), retry);
  if (result.kind === "moved") return end(run, "cancelled", `the issue was transferred to ${result.to}`);
  if (result.kind === "missing")
    return end(run, "cancelled", "the issue was deleted, or the token can no longer access it");
  const { issue } = result;
  if (issue.state === "closed") return end(run, "cancelled", "the issue was closed");
  const labelled = issue.labels.some((label) => label.toLowerCase() === repository.issueLabel.toLowerCase());
  const wanted = labelled || run.record.state.agent.runCount > 0 || run.record.state.round.retriedAt !== null;
  if (!wanted) return end(run, "withdrawn", "the label was removed");
  // GitHub returns the number of comments with the issue, so none are requested if it is 0.
  const comments =
    issue.commentCount === 0 ? [] : await withRetry(() => github.comments(ref, issue.number, options), retry);
  const trigger = await withRetry(() => readTrigger(run, { labelled, comments }), retry);
  if (trigger.kind !== "go") {
    await endByTrigger(run, trigger);
    return { admitted: null, startEvent: trigger.startEvent };
  }
  const { event, startEvent } = trigger;
  const isUnrecorded = event !== run.record.state.label.event || run.record.state.round.admitted === null;
  if (isUnrecorded) await run.record.write({ "label.event": event, "round.admitted": event });
  const text = await readTextThatCounts(run, { issue, comments, startEvent });
  if (text === null) return { admitted: null, startEvent };
  const { title, body, comments: countedComments, leftOut, unreadable } = text;
  return {
    admitted: {
      issue: { ...issue, title, body },
      comments,
      countedComments,
      leftOut,
      countedTitle: { title, unreadable },
    },
    startEvent,
  };
}

export interface AdmitToPublishResult {
  /** False if the issue's end was decided here, or if a question is open again. */
  readonly continues: boolean;
  /** Null if the issue was not read, because the record still has the label event or the retry that admitted the work. */
  readonly admitResult: AdmitResult | null;
  readonly startEvent: StartEvent | undefined;
}

/**
 * Decide like `admit`, for finished work that only has to be published. If the record still has the label event or the retry that admitted the
 * work, only check that the issue has a trusted label event.
 * @param known the start event, if this run has already read it
 */
export async function admitToPublish(run: AdmitNeeds, known: StartEvent | undefined): Promise<AdmitToPublishResult> {
  const { admitted: admittedBy, retriedAt } = run.record.state.round;
  const labelEvent = run.record.state.label.event;
  const startEvent = await startEventOf(run, known);
  if (startEvent === null || (admittedBy === null && retriedAt === null)) {
    const admitResult = await admit(run);
    return {
      continues: admitResult.admitted !== null,
      admitResult,
      startEvent: admitResult.startEvent === undefined ? startEvent : admitResult.startEvent,
    };
  }
  if (admittedBy === null) await run.record.write({ "round.admitted": labelEvent });
  return { continues: true, admitResult: null, startEvent };
}

async function endByTrigger(run: AdmitNeeds, trigger: Exclude<Trigger, { kind: "go" }>): Promise<void> {
  const { issueLabel } = run.issue.repository;
  switch (trigger.kind) {
    case "used":
      await end(run, "withdrawn", "the label was left behind by an earlier run");
      return;
    case "open-question":
      await withRetry(() => restoreQuestion(run, trigger.question), retryOptionsOf(run));
      return;
    case "untrusted": {
      const reason = `${trigger.actor} added the label ${issueLabel} but has no write access to the repository`;
      return refuse(run, { actor: trigger.actor, event: trigger.event, reason });
    }
    case "never": {
      const reason = `No trusted account has ever added the label ${issueLabel} to this issue. Add it: a retry only restarts an issue that was labelled before`;
      return refuse(run, { actor: null, event: 0, reason });
    }
    case "unknown": {
      // GitHub may report an event some seconds after the label, so the job waits once, without a slot.
      if (run.record.state.counts.parked === 0) {
        const message = `GitHub does not report yet who added the label ${issueLabel}`;
        throw new StepFailure({ kind: "github", message });
      }
      const reason = `GitHub does not report who added the label ${issueLabel}: it may have been renamed, imported or transferred`;
      return refuse(run, { actor: "", event: 0, reason });
    }
    default:
      return trigger satisfies never;
  }
}

/**
 * Record a refused label, in one write. If only a part of it were written, the next run would accept the label.
 * @param refused.actor account that added the label; empty if unknown; null if there is no label to refuse: then tac8 posts no comment about it
 */
async function refuse(
  run: AdmitNeeds,
  refused: { readonly actor: string | null; readonly event: number; readonly reason: string },
): Promise<void> {
  const { actor, event, reason } = refused;
  const login = actor?.toLowerCase() ?? null;
  const before = run.record.state.label.refused;
  const refusedLabel = login === null ? null : before?.login === login ? before : { login, told: null };
  const patch = { "label.event": event, "end.failure": "untrusted", "label.refused": refusedLabel } as const;
  await run.record.write({ ...patch, "end.outcome": "failed", "end.reason": reason, "end.run": run.id });
}

/** Write the issue's end to the record. */
async function end(run: AdmitNeeds, outcome: Outcome, reason: string): Promise<AdmitResult> {
  await run.record.write({ "end.outcome": outcome, "end.reason": reason, "end.run": run.id });
  return { admitted: null, startEvent: undefined };
}
