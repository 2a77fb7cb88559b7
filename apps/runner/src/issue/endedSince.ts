import { findMarked } from "@tac8/core/domain/marker";
import type { IssuePatch, RecordPart } from "@tac8/core/state/issueState";
import type { StepRecord } from "../run/record.ts";
import type { IssueAccess } from "../run/step.ts";
import { retryOptionsOf, withRetry } from "../run/retry.ts";

/** End of the issue that tac8's status comment reports, from the fields of its marker. */
export interface ReportedEnd {
  readonly run: string;
  readonly outcome: string;
  readonly labelEvent: number;
}

/**
 * Return whether an issue that was restored from a backup ended between the backup and its loss: its status comment
 * reports an end that the backup does not have, and no user has labelled or retried it since. Pure. `newest`: its
 * newest labelled event.
 */
export function endedSinceBackup(
  {
    restoredAt: restored,
    round: { retriedAt: retried },
    agent: { runs },
    end: { run: outcomeRun },
  }: RecordPart<"restoredAt" | "round.retriedAt" | "agent.runs" | "end.run">,
  { reported, newest }: { readonly reported: ReportedEnd | null; readonly newest: number },
): boolean {
  if (restored === null || reported === null || reported.outcome === "blocked") return false;
  if (retried !== null && Date.parse(retried) > Date.parse(restored)) return false;
  // That end is from the round before a retry, so it is known and no longer matters.
  const isFormer = (runs ?? []).some(({ run, at }) => run === reported.run && retried !== null && at < retried);
  const isKnown = reported.run === outcomeRun || isFormer;
  return !isKnown && newest <= reported.labelEvent;
}

/**
 * Return whether GitHub must be asked about this end before a run writes `patch`. An ended issue whose job was put back
 * since is a retry: it needs no question, and an outage of GitHub would make tac8 report the old end again. Pure.
 */
export function needsEndCheck({ restoredAt: restored }: RecordPart<"restoredAt">, patch: IssuePatch): boolean {
  return restored !== null && patch.state !== "queued";
}

/** The same, read from GitHub. A deleted issue did not end this way. */
export async function askEndedSince(run: IssueAccess & { readonly record: StepRecord<never> }): Promise<boolean> {
  const { github, login, ref, repository } = run.issue;
  const { state } = run.record;
  const signal = run.signal;
  return withRetry(async () => {
    const found = await github.issue(ref, ref.number, { signal });
    if (found.kind !== "found") return false;
    const comments = await github.comments(ref, ref.number, { signal });
    const marker = findMarked(comments, login, "status").at(-1)?.marker;
    if (marker === undefined || marker.outcome === null) return false;
    const reported = { run: marker.run, outcome: marker.outcome, labelEvent: marker.label_event_id };
    const newest = await github.newestLabeledEvent(ref, ref.number, repository.issueLabel, { signal });
    return endedSinceBackup(state, { reported, newest: newest?.id ?? 0 });
  }, retryOptionsOf(run));
}
