import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import type { JobData } from "./contract.ts";

/** BullMQ orders waiting jobs by score: priority × 2³², and a counter. */
const COPY = `
local score = redis.call("ZSCORE", KEYS[2], ARGV[1])
for n = 1, tonumber(ARGV[2]) do
  local id = ARGV[1] .. "0" .. n
  redis.call("COPY", KEYS[1] .. ARGV[1], KEYS[1] .. id)
  redis.call("ZADD", KEYS[2], score + n, id)
end`;

/**
 * Copies a waiting job inside Redis, `count` times, as BullMQ keeps them: for tests that need a long queue. `Queue.addBulk`
 * takes 50 µs a job on both sides, which is seconds for 100,000 of them.
 */
export async function addCopies(queue: Queue<JobData>, { redis, jobId, count }: CopiesOf): Promise<void> {
  await redis.eval(COPY, 2, queue.toKey(""), queue.toKey("prioritized"), jobId, count);
}

export interface CopiesOf {
  readonly redis: Redis;
  readonly jobId: string;
  readonly count: number;
}
