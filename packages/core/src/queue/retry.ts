import type { Job, Queue } from "bullmq";
import { isEnded, type IssueState } from "../domain/states.ts";
import type { IssueFields, IssuePatch } from "../state/issueState.ts";
import type { IssueStore } from "../state/issueStore.ts";
import { reopen } from "../state/reopen.ts";
import { jobOptions, type JobData } from "./contract.ts";

/** What became of a person's wish to try an issue again. */
export type RetryAnswer =
  /** It waits for a runner; `from`: what it was. */
  | { readonly kind: "queued"; readonly from: IssueState | null }
  /** It waits already: for a runner, or (`later`) for a time that has been set. */
  | { readonly kind: "waiting"; readonly later: boolean }
  | { readonly kind: "running" }
  /** A question is open: an answer on the issue goes on with the work. */
  | { readonly kind: "blocked" }
  /** There is no such job: never seen, withdrawn, or ended so long ago that it was dropped. */
  | { readonly kind: "unknown" }
  /** Somebody else moved it while we looked. */
  | { readonly kind: "changed" };

/** Failed issues that one `retry --failed` takes at most. */
export const MAX_FAILED = 2000;

type JobState = Awaited<ReturnType<Job["getState"]>>;

/** Pure: whether to retry, and from which of BullMQ's two ends. */
export function planRetry(
  job: JobState,
  issue: Pick<IssueFields, "state">,
):
  | Exclude<RetryAnswer, { kind: "queued" | "changed" }>
  | { readonly kind: "retry"; readonly from: "failed" | "completed" } {
  switch (job) {
    case "failed":
    case "completed":
      return { kind: "retry", from: job };
    case "active":
      return { kind: "running" };
    case "delayed":
      return issue.state === "blocked" ? { kind: "blocked" } : { kind: "waiting", later: true };
    case "unknown":
      return { kind: "unknown" };
    case "waiting":
    case "waiting-children":
    case "prioritized":
    default:
      return { kind: "waiting", later: false };
  }
}

/** What a retry writes: as with a label that is put back on, a clean sheet, waiting; but no label is there. */
export function retryPatch(issue: Parameters<typeof reopen>[0], now: number): IssuePatch {
  const since = new Date(now).toISOString();
  return { ...reopen(issue), retried: since, begun: since, state: "queued", since };
}

export interface RetryOptions {
  readonly queue: Queue<JobData>;
  readonly store: Pick<IssueStore, "read" | "writeIf">;
  readonly jobId: string;
  /** Who wishes it, for the event log. */
  readonly by: string;
  /** Epoch ms. */
  readonly now: number;
}

/** Puts an ended issue back into the queue, with all its attempts. Queue and store are borrowed. */
export async function retryIssue(given: RetryOptions): Promise<RetryAnswer> {
  const { queue, store, jobId } = given;
  const job = await queue.getJob(jobId);
  if (job === undefined) return retryTakenOut(given);
  const [state, issue] = await Promise.all([job.getState(), store.read(jobId)]);
  const plan = planRetry(state, issue);
  if (plan.kind !== "retry") return plan;
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

/** One that was stopped while it waited has no job any more. */
async function retryTakenOut(given: RetryOptions): Promise<RetryAnswer> {
  const { queue, store, jobId } = given;
  const issue = await store.read(jobId);
  if (issue.shelf === null) return { kind: "unknown" };
  // One that is not ended was reopened by somebody who died before its job was added.
  if (isEnded(issue.state) && !(await reopenIssue(given, issue))) return { kind: "changed" };
  const { name, data, priority, attempts } = issue.shelf;
  await queue.add(name, data, { ...jobOptions({ jobId, priority: "P2", begun: false, attempts }), priority });
  return { kind: "queued", from: issue.state };
}

/** False: somebody else moved it. */
function reopenIssue({ store, jobId, by, now }: RetryOptions, issue: IssueFields): Promise<boolean> {
  const event = {
    issue: jobId,
    from: issue.state ?? ("" as const),
    to: "queued" as const,
    by,
    reason: "tried again by a person",
    evidence: { failure: issue.failure, outcome: issue.outcome },
  };
  const expect = { run: issue.run ?? "", state: issue.state ?? "" };
  return store.writeIf(jobId, expect, retryPatch(issue, now), event);
}
