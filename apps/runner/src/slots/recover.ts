import { Job, type Queue } from "bullmq";
import type { JobData, JobResult } from "@tac8/core/queue/contract";
import type { Logger } from "@tac8/core/log/logger";
import { killSurvivors } from "../process/survivors.ts";
import type { LiveRun } from "./slots.ts";

/**
 * End the processes that an earlier runner of these slots left running, and requeue its jobs at once with the lock tokens that it
 * stored on disk. A job with another token belongs to another run by now. @returns the runs without remaining processes and jobs
 */
export async function recover(
  abandoned: readonly LiveRun[],
  { queue, log, now }: { queue: Queue<JobData, JobResult>; log: Logger; now: () => number },
): Promise<string[]> {
  const over: string[] = [];
  for (const { jobId, run, token } of abandoned) {
    const { killed, remaining } = await killSurvivors({ runId: run, except: [process.pid] });
    if (remaining.length > 0) {
      log.error(
        { issue: jobId, run },
        "could not kill all processes of a lost run: its job is requeued when its lock expires",
      );
      continue;
    }
    over.push(run);
    try {
      const job = await Job.fromId<JobData, JobResult>(queue, jobId);
      if (job === undefined) continue;
      await job.moveToDelayed(now() + 1, token);
      log.warn({ issue: jobId, run, killed }, "requeued the job of a lost run");
    } catch (error) {
      log.debug({ issue: jobId, err: error }, "the job of a lost run belongs to another run now");
    }
  }
  return over;
}
