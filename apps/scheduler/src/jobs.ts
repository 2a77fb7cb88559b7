import { Job, type Queue } from "bullmq";
import type { Priority } from "@tac8/core/domain/priority";
import type { Issue } from "@tac8/core/github/types";
import { jobOptions, type JobData, type JobResult } from "@tac8/core/queue/contract";
import type { RepositorySnapshot } from "./plan.ts";

type IssueQueue = Queue<JobData, JobResult>;

/** Remove an ended job, so that a job with the same id can be added. @returns false if the job has not ended */
export async function removeEnded(queue: IssueQueue, jobId: string): Promise<boolean> {
  const job = await Job.fromId<JobData, JobResult>(queue, jobId);
  if (job === undefined) return true;
  if (!["completed", "failed"].includes(await job.getState())) return false;
  await job.remove();
  return true;
}

export interface NewJob {
  readonly issue: Issue;
  readonly jobId: string;
  readonly priority: Priority;
  readonly beforeNewWork: boolean;
}

/** Add the job of an issue to the queue. If the queue already has the job, BullMQ keeps that one. */
export async function enqueue(
  { queue, attempts }: { queue: IssueQueue; attempts: number },
  { owner, repo, repositoryId }: RepositorySnapshot,
  { issue, jobId, priority, beforeNewWork }: NewJob,
): Promise<void> {
  const { number, title, url } = issue;
  await queue.add(
    `#${number} ${title}`.slice(0, 120).toWellFormed(),
    { owner, repo, number, repositoryId, title: title.slice(0, 300).toWellFormed(), url },
    jobOptions({ jobId, priority, beforeNewWork, attempts }),
  );
}
