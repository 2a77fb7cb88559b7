import { StepFailure } from "@tac8/core/domain/failures";
import type { Outcome } from "@tac8/core/domain/states";
import type { RunContext } from "../../run/context.ts";
import { withPatience } from "../../run/patience.ts";
import { isCaused } from "../../issue/cause.ts";
import { readIntent } from "../../issue/intent.ts";
import { restoreQuestion } from "./restore.ts";
import type { Admitted } from "../handover.ts";
import { readTrigger } from "./trigger.ts";

/**
 * Looks whether the issue may be worked on as it is now: it is there, open and wanted, and whoever labelled it may start
 * work. @returns null when the end was decided here (closed, transferred, deleted, not allowed …).
 */
export async function admit(run: RunContext): Promise<Admitted | null> {
  const admitted = await look(run);
  run.admitted = true;
  return admitted;
}

async function look(run: RunContext): Promise<Admitted | null> {
  const options = { signal: run.switch.stop };
  const patient = { signal: run.switch.stop, factor: run.services.config.coordinator.backoff_factor };
  const { github } = run.services;
  const answer = await withPatience(() => github.issue(run.ref, run.ref.number, options), patient);
  if (answer.kind === "moved") return end(run, "cancelled", `the issue was transferred to ${answer.to}`);
  if (answer.kind === "gone")
    return end(run, "cancelled", "the issue was deleted, or the token may not see it any more");
  const { issue } = answer;
  if (issue.state === "closed") return end(run, "cancelled", "the issue was closed");
  const labelled = issue.labels.some((label) => label.toLowerCase() === run.repository.issueLabel.toLowerCase());
  const wanted = labelled || run.state.agentRuns > 0 || run.state.retried !== null;
  if (!wanted) return end(run, "withdrawn", "the label was taken off");
  // The issue counts them.
  const comments =
    issue.commentCount === 0 ? [] : await withPatience(() => github.comments(run.ref, issue.number, options), patient);
  if (!(await mayStart(run, { labelled, comments }))) return null;
  const intent = await readIntent(run, { issue, comments });
  if (intent === null) return null;
  const { title, body, comments: counted, leftOut } = intent;
  return { issue: { ...issue, title, body }, comments, counted, leftOut };
}

/**
 * The same for finished work that only has to be published: while the label or retry that it was admitted by still holds, only
 * whether a trusted label is among the issue's events. @returns false when the end was decided here.
 */
export async function admitToPublish(run: RunContext): Promise<boolean> {
  const { admitted, retried, labelEvent } = run.state;
  if (!(await isCaused(run, run.switch.stop))) return (await admit(run)) !== null;
  if (admitted !== null) return true;
  if (retried === null) return (await admit(run)) !== null;
  await run.write({ admitted: labelEvent });
  return true;
}

async function mayStart(run: RunContext, issue: Parameters<typeof readTrigger>[1]): Promise<boolean> {
  const patient = { signal: run.switch.stop, factor: run.services.config.coordinator.backoff_factor };
  const trigger = await withPatience(() => readTrigger(run, issue), patient);
  switch (trigger.kind) {
    case "go": {
      const { event } = trigger;
      const news = event !== run.state.labelEvent || run.state.admitted === null;
      if (news) await run.write({ labelEvent: event, admitted: event });
      return true;
    }
    case "used":
      await end(run, "withdrawn", "the label was left behind by an earlier run");
      return false;
    case "asked":
      await withPatience(() => restoreQuestion(run, trigger.question), patient);
      return false;
    case "untrusted": {
      const reason = `${trigger.actor} put the label ${run.repository.issueLabel} on, but cannot write to the repository`;
      await refuse(run, { actor: trigger.actor, event: trigger.event, reason });
      return false;
    }
    case "never": {
      const { issueLabel } = run.repository;
      const reason = `No trusted account has ever added the label ${issueLabel} to this issue. Add it: a retry only restarts an issue that was labelled before`;
      await refuse(run, { actor: null, event: 0, reason });
      return false;
    }
    case "unknown": {
      const { issueLabel } = run.repository;
      // Events may come some seconds after their label: it waits once, without a slot.
      if (run.state.parked === 0) {
        const message = `GitHub does not tell yet who put the label ${issueLabel} on`;
        throw new StepFailure({ kind: "github", message });
      }
      const reason = `GitHub does not tell who put the label ${issueLabel} on: it may have been renamed or imported, or come with a transfer`;
      await refuse(run, { actor: "", event: 0, reason });
      return false;
    }
    default:
      return trigger satisfies never;
  }
}

/**
 * In one write: a run that comes after half of it would take the event for one that was found good.
 * @param refused.actor who put the label on; empty: unknown; null: nobody did, and nothing is said on the issue
 */
async function refuse(
  run: RunContext,
  refused: { readonly actor: string | null; readonly event: number; readonly reason: string },
): Promise<void> {
  const { actor, event, reason } = refused;
  const login = actor?.toLowerCase() ?? null;
  const before = run.state.refusedLabel;
  const refusedLabel = login === null ? null : before?.login === login ? before : { login, told: null };
  const patch = { labelEvent: event, failure: "untrusted", refusedLabel } as const;
  await run.write({ ...patch, outcome: "failed", reason, outcomeRun: run.id });
}

async function end(run: RunContext, outcome: Outcome, reason: string): Promise<null> {
  await run.write({ outcome, reason, outcomeRun: run.id });
  return null;
}
