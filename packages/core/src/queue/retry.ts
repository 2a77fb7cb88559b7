import type { Job, Queue } from "bullmq";
import type { Redis } from "ioredis";
import { holdOn, planHolds } from "../domain/holds.ts";
import { parseJobId } from "../domain/reference.ts";
import { isEnded, type IssueState } from "../domain/states.ts";
import { readHolds } from "../state/holds.ts";
import type { IssuePatch, IssueRecord, RecordPart } from "../state/issueState.ts";
import type { IssueStore } from "../state/issueStore.ts";
import { reopen } from "../state/reopen.ts";
import { jobOptions, type JobData } from "./contract.ts";
import { endDelay } from "./wake.ts";

/** Result of an operator's request to retry an issue. */
export type RetryResult =
  /** The issue was queued again; `from`: its former state. */
  | { readonly kind: "queued"; readonly from: IssueState | null }
  /** Its delay was ended, so it waits for a runner now. `held`: name of the hold that still prevents its start. */
  | { readonly kind: "now"; readonly from: IssueState | null; readonly held: string | null }
  /** It was already waiting for a runner. `held`: as above. */
  | { readonly kind: "waiting"; readonly held: string | null }
  | { readonly kind: "running" }
  /** A stop of the issue was requested and has not finished yet. */
  | { readonly kind: "stopping" }
  /** A question is open: the work continues after a reply on the issue. */
  | { readonly kind: "blocked" }
  /** The queue has no job of the issue: tac8 does not know it, it was withdrawn, or its old job was removed. */
  | { readonly kind: "unknown" }
  /** Another process changed the issue at the same time. */
  | { readonly kind: "changed" };

/** Maximum number of failed issues that one `retry --failed` queues. */
export const MAX_FAILED = 2000;

type JobState = Awaited<ReturnType<Job["getState"]>>;

export type RetryPlan =
  | { readonly do: "nothing"; readonly kind: "running" | "waiting" | "stopping" | "blocked" | "unknown" }
  /** `from`: the BullMQ list of finished jobs that has the job. */
  | { readonly do: "retry"; readonly from: "failed" | "completed" }
  /** End the delay of the job. */
  | { readonly do: "wake" };

/** Decide how to retry an issue, from the state of its job and its record. Pure. */
export function planRetry(job: JobState, record: RecordPart<"state" | "question.reply" | "command.stop">): RetryPlan {
  switch (job) {
    case "failed":
    case "completed":
      return { do: "retry", from: job };
    case "active":
      return { do: "nothing", kind: "running" };
    case "delayed":
      if (record.command.stop !== null) return { do: "nothing", kind: "stopping" };
      if (record.state === "blocked" && record.question.reply === null) return { do: "nothing", kind: "blocked" };
      return { do: "wake" };
    case "unknown":
      return { do: "nothing", kind: "unknown" };
    case "waiting":
    case "waiting-children":
    case "prioritized":
    default:
      return { do: "nothing", kind: record.command.stop === null ? "waiting" : "stopping" };
  }
}

/** Return what a retry writes to the record: the same as for a label that is added again, but without a label event. */
export function retryPatch(record: Parameters<typeof reopen>[0], now: number): IssuePatch {
  const since = new Date(now).toISOString();
  return { ...reopen(record), "round.retriedAt": since, "round.queuedAt": since, state: "queued", since };
}

export interface RetryOptions {
  readonly queue: Queue<JobData>;
  readonly redis: Redis;
  readonly store: Pick<IssueStore, "read" | "writeIf">;
  readonly jobId: string;
  /** The user or program that requests the retry, for the event log. */
  readonly by: string;
  /** Epoch ms. */
  readonly now: number;
}

/**
 * Queue an ended issue again, with all its attempts, or end the delay of a waiting one. Redis, queue and store are borrowed.
 */
export async function retryIssue(given: RetryOptions): Promise<RetryResult> {
  const { queue, store, jobId } = given;
  const job = await queue.getJob(jobId);
  if (job === undefined) return retryTakenOut(given);
  const [state, record] = await Promise.all([job.getState(), store.read(jobId)]);
  const plan = planRetry(state, record);
  if (plan.do === "nothing") {
    return plan.kind === "waiting" ? { kind: "waiting", held: await heldBy(given) } : { kind: plan.kind };
  }
  if (plan.do === "wake") return wake(given, record);
  // Write the record before the job moves: a runner processes it immediately, and would read the old end and the old commands.
  if (!(await reopenIssue(given, record))) return { kind: "changed" };
  try {
    await job.retry(plan.from, { resetAttemptsMade: true });
  } catch (error) {
    if ((await job.getState()) === plan.from) throw error;
    return { kind: "changed" };
  }
  return { kind: "queued", from: record.state };
}

/** End the delay of a job. Its attempts and its state do not change. */
async function wake(given: RetryOptions, record: IssueRecord): Promise<RetryResult> {
  const { queue, store, jobId, by } = given;
  if (!(await endDelay(queue, jobId))) return { kind: "changed" };
  const reason = "a user ended its delay";
  const { state } = record;
  const event = { event: "wait:ended", issue: jobId, from: state ?? "", by, reason, evidence: {} } as const;
  await store.writeIf(jobId, {}, {}, event);
  return { kind: "now", from: state, held: await heldBy(given) };
}

async function heldBy({ redis, jobId, now }: RetryOptions): Promise<string | null> {
  const ref = parseJobId(jobId);
  return ref === null ? null : (holdOn(ref, planHolds(await readHolds(redis), now).live)?.name ?? null);
}

/** Retry an issue that was stopped while it waited, so that its job was removed from the queue. */
async function retryTakenOut(given: RetryOptions): Promise<RetryResult> {
  const { queue, store, jobId } = given;
  const record = await store.read(jobId);
  if (record.job.snapshot === null) return { kind: "unknown" };
  // If the issue has not ended, a process has reopened it and died before it added the job.
  if (isEnded(record.state) && !(await reopenIssue(given, record))) return { kind: "changed" };
  const { name, data, priority, attempts } = record.job.snapshot;
  await queue.add(name, data, { ...jobOptions({ jobId, priority: "P2", beforeNewWork: false, attempts }), priority });
  return { kind: "queued", from: record.state };
}

/** Write the reopened state. False: another process changed the issue first. */
function reopenIssue({ store, jobId, by, now }: RetryOptions, record: IssueRecord): Promise<boolean> {
  const event = {
    event: "issue:retried" as const,
    issue: jobId,
    from: record.state ?? ("" as const),
    by,
    reason: "retried by a user",
    evidence: { failure: record.end.failure, outcome: record.end.outcome },
  };
  const expect = { "run.id": record.run.id ?? "", state: record.state ?? "" };
  return store.writeIf(jobId, expect, retryPatch(record, now), event);
}
