import { QUEUE_NAME, type JobData, type JobResult } from "@tac8/core/queue/contract";
import { Queue } from "bullmq";
import type { Redis } from "ioredis";

export type IssueQueue = Queue<JobData, JobResult>;

/** Runs `use` on the queue of issues, which is closed afterwards. `redis` is borrowed. */
export async function withQueue<T>(redis: Redis, use: (queue: IssueQueue) => Promise<T>): Promise<T> {
  const queue: IssueQueue = new Queue(QUEUE_NAME, { connection: redis });
  queue.on("error", () => undefined); // A lost connection rejects the calls as well, and they are who tells it.
  try {
    return await use(queue);
  } finally {
    await queue.close();
  }
}
