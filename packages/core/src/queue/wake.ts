import { Job, type Queue } from "bullmq";
import type { Redis } from "ioredis";
import { planHolds, type Hold } from "../domain/holds.ts";
import { readHolds } from "../state/holds.ts";
import { isDeferral } from "../domain/placement.ts";
import { fieldOf } from "../state/issueState.ts";
import { issueKey } from "../state/keys.ts";

/** A delayed job, and the hold that it waits for. */
export interface HeldJob {
  readonly jobId: string;
  /** Field `hold` of the issue's record; null: the job waits for something else. The scheduler offers deferred jobs: offers.ts. */
  readonly hold: string | null;
}

/** Return the ids of the jobs whose hold ended. Pure. `now`: epoch ms. */
export function planWake(jobs: readonly HeldJob[], holds: readonly Hold[], now: number): string[] {
  const live = new Set(planHolds(holds, now).live.map(({ name }) => name));
  return jobs.filter(({ hold }) => hold !== null && !isDeferral(hold) && !live.has(hold)).map(({ jobId }) => jobId);
}

/** Maximum number of delayed jobs that one call reads. The next call reads the others. */
const MAX_READ = 20_000;
const PAGE = 500;

/**
 * Return every job whose hold ended to the queue. Safe to repeat, and to run in several processes at once: a job that is no longer
 * delayed stays as it is. Every argument is borrowed.
 * @returns the number of jobs that were woken
 */
export async function wakeJobsOfEndedHolds(given: {
  readonly redis: Redis;
  readonly queue: Queue;
  /** Epoch ms. */
  readonly now: number;
}): Promise<number> {
  const { redis, queue, now } = given;
  const jobs = await readHeld(redis, queue);
  // Read after the jobs, so that a hold that begins between the two reads keeps its jobs waiting.
  const ids = planWake(jobs, await readHolds(redis), now);
  let woken = 0;
  for (const id of ids) if (await endDelay(queue, id)) woken += 1;
  return woken;
}

async function readHeld(redis: Redis, queue: Queue): Promise<HeldJob[]> {
  const jobs: HeldJob[] = [];
  for (let start = 0; start < MAX_READ; start += PAGE) {
    const ids = await redis.zrange(queue.toKey("delayed"), `${start}`, `${start + PAGE - 1}`);
    const pipeline = redis.pipeline();
    for (const id of ids) pipeline.hget(issueKey(id), fieldOf("job.hold"));
    const answers = ids.length === 0 ? [] : ((await pipeline.exec()) ?? []);
    for (const [index, [error, hold]] of answers.entries()) {
      if (error) throw error;
      jobs.push({ jobId: ids[index] ?? "", hold: (hold as string | null) || null });
    }
    if (ids.length < PAGE) break;
  }
  return jobs;
}

/** End the delay of a job. @returns false if the job was not delayed */
export async function endDelay(queue: Queue, jobId: string): Promise<boolean> {
  const job = await Job.fromId(queue, jobId);
  if (job === undefined) return false;
  try {
    await job.promote();
    return true;
  } catch (error) {
    if (await job.isDelayed()) throw error;
    return false; // A runner or another caller ended the delay first.
  }
}
