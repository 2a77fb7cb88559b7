import { afterFailure, type Failure, type HoldRequest } from "@tac8/core/domain/failures";
import type { EventDescription } from "@tac8/core/domain/events";
import { countBrokenOff } from "@tac8/core/domain/brokenOff";
import { repositoryHold } from "@tac8/core/domain/holds";
import { formatReference, type IssueRef } from "@tac8/core/domain/reference";
import { hasReached } from "@tac8/core/domain/states";
import { questionDueAt } from "@tac8/core/domain/questionExpiry";
import type { JobResult } from "@tac8/core/queue/contract";
import { LostRun } from "@tac8/core/state/issueStore";
import {
  applyPatch,
  groupPatch,
  type IssuePatch,
  type IssueRecord,
  type RecordPart,
} from "@tac8/core/state/issueState";
import type { Disposition, HoldChange, OwnJobDisposition, Requeue } from "./disposition.ts";
import type { LastWrite } from "../run/lastWrite.ts";
import { Halted } from "../run/halt.ts";
import { progressOfRequeued } from "./requeuedProgress.ts";
import { extraWait } from "./outageOfOneIssue.ts";

/** Delay of a requeued job. It is long enough that a runner that closes does not receive the job again. */
export const REQUEUE_MS = 100;
/** Delay before the next try after an error of this machine or of the configuration. */
const ERROR_RETRY_MS = 60_000;
/** The job that probes a held repository may find all slots busy, so the hold ends this many minutes after the job's delay. */
const HOLD_OUTLASTS_DELAY_MINUTES = 120;
/** After this many waits for GitHub in a row, an outage counts as a long one. */
const LONG_OUTAGE_WAITS = 2;

/** Facts about the end of a run that are not in its record. All functions of this file are pure. */
export interface EndFacts {
  readonly runId: string;
  readonly ref: IssueRef;
  /** Such as `runner pi-1/0`. */
  readonly by: string;
  /** The issue's repository is held, and this run probes it. */
  readonly isHeld: boolean;
  /** Attempts that have finished, as BullMQ counts them, and their limit. */
  readonly made: number;
  readonly max: number;
  /** Factor of all waits. */
  readonly backoffFactor: number;
  readonly blockedExpiresMs: number;
  /** Epoch ms. */
  readonly now: number;
}

/**
 * Return the disposition after an error outside of the steps: before they begin, while their end is handled, or while a disposition is
 * applied. It counts as a problem of this machine (a full disk, a damaged folder), not of the issue. An unexpected error in a step is a
 * `git` failure instead: `failureOf`.
 */
export function afterUnexpectedError(error: unknown, now: number): Disposition {
  if (error instanceof LostRun || error instanceof Halted) return { do: "release", lost: error };
  return {
    do: "requeue",
    until: now + ERROR_RETRY_MS,
    because: error instanceof Error ? error.message : String(error),
  };
}

/** Return the disposition of a job whose end is already recorded and reported. */
export function afterReportedEnd(
  result: JobResult,
  record: RecordPart<"since" | "question.askedAt" | "agent.runCount">,
  { blockedExpiresMs, now, lastWrite }: Pick<EndFacts, "blockedExpiresMs" | "now"> & { readonly lastWrite: LastWrite },
): OwnJobDisposition {
  if (result.outcome === "failed") return { do: "fail", reason: result.reason ?? "failed", lastWrite };
  if (result.outcome !== "blocked") return { do: "complete", result, lastWrite };
  const expires = questionDueAt(record, blockedExpiresMs, now);
  const until = Math.max(expires, now + REQUEUE_MS);
  return { do: "requeue", until, because: "it waits for a reply", lastWrite, beforeNewWork: record.agent.runCount > 0 };
}

/**
 * Return the disposition after a broken-off run: its runner shuts down, or its agent was killed together with its guard. No attempt is
 * used. An agent that kills its runner in each run is limited by domain/brokenOff.ts.
 */
export function afterBrokenOffRun(
  record: IssueRecord,
  { runId, now, because }: Pick<EndFacts, "runId" | "now"> & { because: string },
): Requeue {
  const { checkpoint } = record;
  const hadAgent = record.agent.run === runId && !hasReached(checkpoint, "worked") && record.end.outcome === null;
  const counts = hadAgent ? groupPatch("counts", countBrokenOff(record.counts, progressOfRequeued(record))) : {};
  return {
    do: "requeue",
    until: now + REQUEUE_MS,
    because,
    lastWrite: {
      patch: { state: "queued", ...counts },
      event: { event: "issue:requeued", reason: because, evidence: {} },
    },
    beforeNewWork: record.agent.runCount > 0,
  };
}

/** Patch if the commits of finished work are lost. The session is dropped too, because its agent would assume that the commits exist. */
export const WORK_LOST_PATCH = {
  checkpoint: "none",
  "agent.session": null,
  "branch.head": null,
  "work.finishedAt": null,
} as const satisfies IssuePatch;

/** Return the disposition by which a new run does the finished work again, from the branch. No attempt is used. @param now epoch ms */
export function workAgain({ agent: { runCount: agentRuns } }: RecordPart<"agent.runCount">, now: number): Requeue {
  const because = "the work is redone from its branch";
  const patch = { ...WORK_LOST_PATCH, "end.failure": null, "end.reason": null, state: "queued" } as const;
  const lastWrite: LastWrite = { patch, event: { event: "issue:requeued", reason: because, evidence: {} } };
  return { do: "requeue", until: now + REQUEUE_MS, because, lastWrite, beforeNewWork: agentRuns > 0 };
}

/** Return the change that ends the hold of the issue's repository, because its finished work was published or cannot be published unchanged. */
export function holdEnd(
  { checkpoint, end: { outcome } }: RecordPart<"checkpoint" | "end.outcome">,
  { ref, by }: EndFacts,
): HoldChange {
  const how = checkpoint === "published" ? "was published" : outcome === null ? "needs to be changed" : `is ${outcome}`;
  return { end: repositoryHold(ref), by, reason: `finished work of ${formatReference(ref)} ${how}` };
}

/**
 * Apply the policy of the failure's kind, which is in domain/failures.ts. @returns the issue's end, which the caller reports, or a
 * disposition
 */
export function afterStepFailure(
  failure: Failure,
  record: IssueRecord,
  facts: EndFacts,
): { readonly do: "report"; readonly patch: IssuePatch } | OwnJobDisposition {
  const { made, max, backoffFactor, now } = facts;
  const { noChanges } = record.counts;
  const next = afterFailure(failure, { made, max, parked: record.counts.parked, noChanges }, backoffFactor, now);
  // Finished work may have commits that change nothing compared with the base branch. Publishing them again would fail again, so the
  // agent runs again with the reason.
  const againPatch =
    failure.kind === "no-changes" ? ({ checkpoint: "none", "counts.noChanges": noChanges + 1 } as const) : {};
  switch (next.do) {
    case "fail": {
      const end = {
        "end.outcome": "failed",
        "end.run": facts.runId,
        "end.failure": failure.kind,
        "end.reason": failure.message,
      } as const;
      return { do: "report", patch: { ...againPatch, ...end } };
    }
    case "park":
      return parkedFor(failure, record, { ...facts, delayMs: next.delayMs, hold: next.hold });
    case "retry": {
      // GitHub would refuse the same commits again, so the agent runs again with the reason.
      const refusedPatch = failure.kind === "refused" ? ({ checkpoint: "none" } as const) : {};
      const patch = { ...againPatch, ...refusedPatch };
      const endsHold = failure.kind === "refused" && facts.isHeld;
      return {
        do: "retry",
        delayMs: Math.max(next.delayMs, 1),
        reason: failure.message,
        ...(endsHold ? { hold: holdEnd(applyPatch(record, refusedPatch), facts) } : {}),
        lastWrite: lastWriteFor("retrying", failure, applyPatch(record, patch), patch),
        beforeNewWork: record.agent.runCount > 0,
      };
    }
    default:
      return next satisfies never;
  }
}

/** Return the disposition if GitHub does not accept the report of a decided end. The job waits for GitHub. */
export function afterReportFailure(failure: Failure, record: IssueRecord, facts: EndFacts): Requeue {
  const { backoffFactor, now } = facts;
  // The kind `github` uses no attempt and never fails, so only `parked` affects the delay.
  const counts = { made: 0, max: 2, parked: record.counts.parked, noChanges: 0 };
  const next = afterFailure({ ...failure, kind: "github" }, counts, backoffFactor, now);
  const delayMs = next.do === "fail" ? ERROR_RETRY_MS : next.delayMs;
  // The other issues of the repository would be refused as well.
  const hold = failure.wholeRepository === true ? ({ name: "repository", until: now + delayMs } as const) : null;
  return parkedFor(failure, record, { ...facts, delayMs, hold });
}

interface Parking extends EndFacts {
  readonly delayMs: number;
  readonly hold: HoldRequest | null;
}

/** Return the disposition of a parked job, which waits without a slot and without using an attempt. */
function parkedFor(
  failure: Failure,
  record: IssueRecord,
  { delayMs, hold, ref, by, runId, backoffFactor, now }: Parking,
): Requeue {
  const name = hold === null ? null : hold.name === "repository" ? repositoryHold(ref) : hold.name;
  // An issue that is parked for the model again does not continue when the hold ends, but after an extra wait, so that jobs of other
  // issues show first whether the model works for them.
  const isParkedAgain = failure.kind === "model" && record.end.failure === "model" && record.counts.parked > 0;
  const extraMs = isParkedAgain ? extraWait(record.counts.parked, backoffFactor) : 0;
  const patch = { "counts.parked": record.counts.parked + 1, "job.hold": isParkedAgain ? null : name };
  return {
    do: "requeue",
    until: now + Math.max(delayMs + extraMs, REQUEUE_MS),
    because: failure.message,
    ...(hold === null || name === null
      ? {}
      : {
          hold: {
            begin: {
              name,
              reason: failure.message,
              by,
              since: now,
              until: holdUntil(hold, record, backoffFactor),
              run: runId,
            },
          },
        }),
    lastWrite: lastWriteFor("parked", failure, applyPatch(record, patch), patch),
    beforeNewWork: record.agent.runCount > 0,
  };
}

/**
 * Return the end of a hold; null: until it is removed. If finished work waits for the hold of its repository, the hold ends
 * `HOLD_OUTLASTS_DELAY_MINUTES` after the job's delay. So this job probes the repository before other jobs start. The probe starts no
 * agent, so it costs nothing.
 */
function holdUntil(
  { name, until }: HoldRequest,
  { checkpoint }: RecordPart<"checkpoint">,
  backoffFactor: number,
): number | null {
  const isProbed = name === "repository" && until !== null && hasReached(checkpoint, "worked");
  return isProbed ? until + HOLD_OUTLASTS_DELAY_MINUTES * 60_000 * backoffFactor : until;
}

/** Return the state, its event and, if GitHub can be reached, the status comment. @param record the record, with the patch applied */
function lastWriteFor(
  state: "retrying" | "parked",
  failure: Failure,
  record: IssueRecord,
  patch: IssuePatch,
): LastWrite {
  const { kind, message } = failure;
  const { outcome, decided: alreadyDecided, failure: earlierFailure, reason } = record.end;
  const decidedPatch = outcome === null ? {} : { "end.decided": alreadyDecided ?? { failure: earlierFailure, reason } };
  const event: EventDescription =
    state === "parked"
      ? { event: "issue:parked", reason: message, evidence: { failure: kind, parked: record.counts.parked } }
      : { event: "attempt:failed", reason: message, evidence: { failure: kind } };
  return {
    patch: { ...patch, state, "end.failure": kind, "end.reason": message, ...decidedPatch },
    event,
    ...(shouldSkipComment(failure, record.counts.parked) ? {} : { status: { state, reason: message } }),
  };
}

/**
 * Whether no comment should be sent to GitHub now: during a rate limit, and at the start of an outage. An outage may concern one part of
 * GitHub only (git, pull requests), so a longer one is reported in the status comment.
 */
function shouldSkipComment({ kind, until }: Failure, parked: number): boolean {
  return kind === "github" && (parked < LONG_OUTAGE_WAITS || (until ?? null) !== null);
}
