import { Job, type Queue } from "bullmq";
import type { JobData, JobResult } from "@tac8/core/queue/contract";
import type { Logger } from "@tac8/core/log/logger";
import { killSurvivors } from "../process/survivors.ts";
import type { LiveRun } from "./slots.ts";

/**
 * Ends what an earlier runner of these slots left running, and hands its jobs back at once with the lock token that it
 * kept on disk. A job that is no longer that token's is another's by now. @returns the runs that nothing is left of.
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
        "processes of a lost run could not be killed: its job waits for its lock to end",
      );
      continue;
    }
    over.push(run);
    try {
      const job = await Job.fromId<JobData, JobResult>(queue, jobId);
      if (job === undefined) continue;
      await job.moveToDelayed(now() + 1, token);
      log.warn({ issue: jobId, run, killed }, "handed back the job of a run that was lost");
    } catch (error) {
      log.debug({ issue: jobId, err: error }, "the lost run's job is not ours any more");
    }
  }
  return over;
}
