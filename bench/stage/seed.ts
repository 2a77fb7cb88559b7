import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import type { Priority } from "@tac8/core/domain/priority";
import { jobIdOf } from "@tac8/core/domain/reference";
import { jobOptions, type JobData, type JobResult } from "@tac8/core/queue/contract";
import { issueKey } from "@tac8/core/state/keys";

export interface Seed {
  readonly owner: string;
  readonly repo: string;
  readonly numbers: readonly number[];
  readonly priority: Priority;
}

const CHUNK = 1000;

/** Add jobs to the queue as the scheduler does, with the records of their issues. */
export async function seedJobs(queue: Queue<JobData, JobResult>, redis: Redis, seed: Seed): Promise<void> {
  const since = new Date().toISOString();
  for (let start = 0; start < seed.numbers.length; start += CHUNK) {
    const jobs = seed.numbers.slice(start, start + CHUNK).map((number) => jobOf(seed, number));
    const pipeline = redis.pipeline();
    for (const { opts } of jobs) {
      pipeline.hset(issueKey(opts.jobId ?? ""), { state: "queued", since, begun: since });
    }
    await pipeline.exec();
    await queue.addBulk(jobs);
  }
}

export function jobOf({ owner, repo, priority }: Omit<Seed, "numbers">, number: number) {
  const title = `Improve part ${number}`;
  const url = `https://github.com/${owner}/${repo}/issues/${number}`;
  return {
    name: `#${number} ${title}`,
    data: { owner, repo, number, repositoryId: 1, title, url },
    opts: jobOptions({ jobId: jobIdOf({ owner, repo, number }), priority, beforeNewWork: false, attempts: 3 }),
  };
}
