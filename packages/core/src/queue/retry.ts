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
import { runNow } from "./wake.ts";

/** What became of an operator's wish to try an issue again. */
export type RetryAnswer =
  /** It waits for a runner; `from`: what it was. */
  | { readonly kind: "queued"; readonly from: IssueState | null }
  /** It waited for a time, and now waits for a runner. `held`: name of the hold that still keeps it from one. */
  | { readonly kind: "now"; readonly from: IssueState | null; readonly held: string | null }
  /** It waits for a runner already. `held`: as above. */
  | { readonly kind: "waiting"; readonly held: string | null }
  | { readonly kind: "running" }
  /** An operator's stop has been asked for and not finished yet. */
  | { readonly kind: "stopping" }
  /** A question is open: an answer on the issue continues with the work. */
  | { readonly kind: "blocked" }
  /** There is no such job: never seen, withdrawn, or ended so long ago that it was dropped. */
  | { readonly kind: "unknown" }
  /** Another process moved it while we checked. */
  | { readonly kind: "changed" };

/** Failed issues that one `retry --failed` takes at most. */
export const MAX_FAILED = 2000;

type JobState = Awaited<ReturnType<Job["getState"]>>;

export type RetryPlan =
  | { readonly do: "answer"; readonly kind: "running" | "waiting" | "stopping" | "blocked" | "unknown" }
  /** From which of BullMQ's two ends. */
  | { readonly do: "retry"; readonly from: "failed" | "completed" }
  /** Its time is now. */
  | { readonly do: "wake" };

/** Pure: what a retry means for a job, wherever it is. */
export function planRetry(job: JobState, issue: RecordPart<"state" | "question.reply" | "command.stop">): RetryPlan {
  switch (job) {
    case "failed":
    case "completed":
      return { do: "retry", from: job };
    case "active":
      return { do: "answer", kind: "running" };
    case "delayed":
      if (issue.command.stop !== null) return { do: "answer", kind: "stopping" };
      if (issue.state === "blocked" && issue.question.reply === null) return { do: "answer", kind: "blocked" };
      return { do: "wake" };
    case "unknown":
      return { do: "answer", kind: "unknown" };
    case "waiting":
    case "waiting-children":
    case "prioritized":
    default:
      return { do: "answer", kind: issue.command.stop === null ? "waiting" : "stopping" };
  }
}

/** What a retry writes: as with a label that is put back on, a clean sheet, waiting; but no label is there. */
export function retryPatch(issue: Parameters<typeof reopen>[0], now: number): IssuePatch {
  const since = new Date(now).toISOString();
  return { ...reopen(issue), "round.retriedAt": since, "round.queuedAt": since, state: "queued", since };
}

export interface RetryOptions {
  readonly queue: Queue<JobData>;
  readonly redis: Redis;
  readonly store: Pick<IssueStore, "read" | "writeIf">;
  readonly jobId: string;
  /** Who wishes it, for the event log. */
  readonly by: string;
  /** Epoch ms. */
  readonly now: number;
}

/**
 * Puts an ended issue back into the queue, with all its attempts; ends the wait of one that waits for a time. Redis, queue
 * and store are borrowed.
 */
export async function retryIssue(given: RetryOptions): Promise<RetryAnswer> {
  const { queue, store, jobId } = given;
  const job = await queue.getJob(jobId);
  if (job === undefined) return retryTakenOut(given);
  const [state, issue] = await Promise.all([job.getState(), store.read(jobId)]);
  const plan = planRetry(state, issue);
  if (plan.do === "answer") {
    return plan.kind === "waiting" ? { kind: "waiting", held: await heldBy(given) } : { kind: plan.kind };
  }
  if (plan.do === "wake") return wake(given, issue);
  // Before the job moves: a runner takes it at once, and would find the old end and the old commands.
  if (!(await reopenIssue(given, issue))) return { kind: "changed" };
  try {
    await job.retry(plan.from, { resetAttemptsMade: true });
  } catch (error) {
    if ((await job.getState()) === plan.from) throw error;
    return { kind: "changed" };
  }
  return { kind: "queued", from: issue.state };
}

/** Attempts and state stay as they are: only the wait is over. */
async function wake(given: RetryOptions, issue: IssueRecord): Promise<RetryAnswer> {
  const { queue, store, jobId, by } = given;
  if (!(await runNow(queue, jobId))) return { kind: "changed" };
  const reason = "a user ended its delay";
  const { state } = issue;
  const event = { event: "wait:ended", issue: jobId, from: state ?? "", by, reason, evidence: {} } as const;
  await store.writeIf(jobId, {}, {}, event);
  return { kind: "now", from: state, held: await heldBy(given) };
}

async function heldBy({ redis, jobId, now }: RetryOptions): Promise<string | null> {
  const ref = parseJobId(jobId);
  return ref === null ? null : (holdOn(ref, planHolds(await readHolds(redis), now).live)?.name ?? null);
}

/** One that was stopped while it waited has no job any more. */
async function retryTakenOut(given: RetryOptions): Promise<RetryAnswer> {
  const { queue, store, jobId } = given;
  const issue = await store.read(jobId);
  if (issue.job.snapshot === null) return { kind: "unknown" };
  // One that is not ended was reopened by a process that died before its job was added.
  if (isEnded(issue.state) && !(await reopenIssue(given, issue))) return { kind: "changed" };
  const { name, data, priority, attempts } = issue.job.snapshot;
  await queue.add(name, data, { ...jobOptions({ jobId, priority: "P2", begun: false, attempts }), priority });
  return { kind: "queued", from: issue.state };
}

/** False: another process moved it. */
function reopenIssue({ store, jobId, by, now }: RetryOptions, issue: IssueRecord): Promise<boolean> {
  const event = {
    event: "issue:retried" as const,
    issue: jobId,
    from: issue.state ?? ("" as const),
    by,
    reason: "retried by a user",
    evidence: { failure: issue.end.failure, outcome: issue.end.outcome },
  };
  const expect = { "run.id": issue.run.id ?? "", state: issue.state ?? "" };
  return store.writeIf(jobId, expect, retryPatch(issue, now), event);
}
