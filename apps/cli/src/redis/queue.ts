import { QUEUE_NAME, type JobData, type JobResult } from "@tac8/core/queue/contract";
import { Queue } from "bullmq";
import type { Redis } from "ioredis";

export type IssueQueue = Queue<JobData, JobResult>;

/** The queue of issues; the caller closes it, or the connection, which is borrowed. */
export function openQueue(redis: Redis): IssueQueue {
  const queue: IssueQueue = new Queue(QUEUE_NAME, { connection: redis, skipMetasUpdate: true });
  queue.on("error", () => undefined); // A lost connection rejects the calls as well, and they are who tells it.
  return queue;
}

/** Runs `use` on the queue of issues, which is closed afterwards. `redis` is borrowed. */
export async function withQueue<T>(redis: Redis, use: (queue: IssueQueue) => Promise<T>): Promise<T> {
  const queue = openQueue(redis);
  try {
    return await use(queue);
  } finally {
    await queue.close();
  }
}
