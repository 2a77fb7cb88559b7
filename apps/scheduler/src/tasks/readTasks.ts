import type { Job, JobType, Queue } from "bullmq";
import { endedWell } from "@tac8/core/domain/states";
import type { JobData, JobResult } from "@tac8/core/queue/contract";
import type { IssueStore } from "@tac8/core/state/issueStore";
import { MAX_TASKS, type Section, type Task, type Tasks } from "./page.ts";

export interface TasksReader {
  readonly queue: Queue<JobData, JobResult>;
  readonly store: IssueStore;
}

type IssueJob = Job<JobData, JobResult>;

/** Read the next and the newest jobs of the queue, one page of each kind. `midnight`: the start of today in epoch ms. */
export async function readTasks({ queue, store }: TasksReader, midnight: number): Promise<Tasks> {
  const some = (type: JobType, asc: boolean): Promise<IssueJob[]> => queue.getJobs([type], 0, MAX_TASKS - 1, asc);
  const counts = await queue.getJobCounts("waiting", "prioritized", "delayed", "active", "failed");
  const count = (...types: JobType[]) => types.reduce((sum, type) => sum + (counts[type] ?? 0), 0);
  const waiting = [...(await some("waiting", true)), ...(await some("prioritized", true))];
  // Questions wait longest, so they are at the end of the list.
  const delayed = distinct([...(await some("delayed", true)), ...(await some("delayed", false))]);
  const done = (await some("completed", false)).filter(
    ({ finishedOn, returnvalue }) => (finishedOn ?? 0) >= midnight && endedWell(returnvalue?.outcome ?? null),
  );
  const asks = (task: Task) => task.record.state === "blocked";
  const parked = await withRecord(delayed, store);
  const blocked = parked.filter(asks);
  const pending = [...(await withRecord(waiting, store)), ...parked.filter((task) => !asks(task))];
  return {
    pending: {
      tasks: pending,
      total: Math.max(pending.length, count("waiting", "prioritized", "delayed") - blocked.length),
    },
    active: section(await withRecord(await some("active", true), store), count("active")),
    completedToday: section(await withRecord(done, store), done.length),
    failed: section(await withRecord(await some("failed", false), store), count("failed")),
    blocked: section(blocked, blocked.length),
  };
}

function section(tasks: Task[], total: number): Section {
  return { tasks, total };
}

function distinct(jobs: readonly IssueJob[]): IssueJob[] {
  return [...new Map(jobs.map((job) => [job.id, job])).values()];
}

async function withRecord(jobs: readonly IssueJob[], store: IssueStore): Promise<Task[]> {
  const records = await store.readMany(jobs.map(({ id }) => id ?? ""));
  return jobs.flatMap((job, index) => {
    const record = records[index];
    if (record === undefined) return [];
    const { owner, repo, number, title } = job.data;
    const runner = record.run.runner ?? job.processedBy ?? null;
    const startedAt = job.processedOn ?? null;
    return [{ ref: { owner, repo, number }, title, priority: job.priority, runner, startedAt, record }];
  });
}
