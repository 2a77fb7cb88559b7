import { QUEUE_NAME, type JobData, type JobResult } from "@tac8/core/queue/contract";
import { Queue } from "bullmq";
import type { Redis } from "ioredis";

export type IssueQueue = Queue<JobData, JobResult>;

/** Open the queue of issues. The caller closes the queue, or the connection, which is borrowed. */
export function openQueue(redis: Redis): IssueQueue {
  const queue: IssueQueue = new Queue(QUEUE_NAME, { connection: redis, skipMetasUpdate: true });
  queue.on("error", () => undefined); // A lost connection also rejects the calls, which report it.
  return queue;
}

/** Run `use` with the queue of issues, and close it. `redis` is borrowed. */
export async function withQueue<T>(redis: Redis, use: (queue: IssueQueue) => Promise<T>): Promise<T> {
  const queue = openQueue(redis);
  try {
    return await use(queue);
  } finally {
    await queue.close();
  }
}
