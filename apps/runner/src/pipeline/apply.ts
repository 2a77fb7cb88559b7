import { DelayedError, UnrecoverableError, type Queue } from "bullmq";
import type { Redis } from "ioredis";
import type { Config } from "@tac8/core/config/resolve";
import { isRepositoryHold } from "@tac8/core/domain/holds";
import { holdWords } from "@tac8/core/domain/holdWords";
import { priorityBeforeNewWork } from "@tac8/core/domain/priority";
import type { Logger } from "@tac8/core/log/logger";
import type { BackoffError, JobResult } from "@tac8/core/queue/contract";
import { clearHold, setHold } from "@tac8/core/state/holds";
import { deferJob } from "@tac8/core/state/permits";
import type { IssueJob } from "./services.ts";
import { credentialsOfHold } from "../holds/credentialsOfHold.ts";
import { afterUnexpectedError, REQUEUE_MS } from "./planDisposition.ts";
import type { Disposition, HoldChange, Requeue } from "./disposition.ts";
import type { LastWrite } from "../run/lastWrite.ts";

/** Writes the record at the end of a run, or for a job that got no run. */
export interface LastWriter {
  /**
   * Write the last changes to the record, show them in the status comment, then clear the run's id.
   * @throws LostRun, or the signal's reason, if the run has lost the job
   */
  readonly write: (last: LastWrite) => Promise<void>;
  /** Clear the run's id if the record still has this run. */
  readonly clearRunId: () => Promise<void>;
}

export interface ApplyTo {
  readonly job: Pick<IssueJob, "id" | "opts" | "timestamp" | "moveToDelayed" | "changePriority">;
  /** Token of the job's lock. */
  readonly lockToken: string;
  readonly services: {
    readonly config: Config;
    readonly redis: Redis;
    readonly queue: Pick<Queue, "pause">;
    readonly log: Logger;
    readonly now: () => number;
  };
  readonly lastWriter: LastWriter;
}

/**
 * Carry out the disposition of a job, in this order: the hold (with the queue paused), the record, the priority, BullMQ. If
 * a step before BullMQ fails, the job is requeued unchanged.
 * @throws DelayedError, UnrecoverableError, or an error with a delay, which BullMQ handles; any other error if the job belongs
 * to another run
 */
export async function apply(disposition: Disposition, to: ApplyTo): Promise<JobResult> {
  return respond(await writeBeforeJobMoves(disposition, to), to);
}

async function writeBeforeJobMoves(disposition: Disposition, to: ApplyTo): Promise<Disposition> {
  if (disposition.do === "release") return disposition;
  const { hold, lastWrite, beforeNewWork } = disposition;
  try {
    // The hold begins before the slot becomes free, because the slot's next job would run into the same limit.
    if (hold !== undefined) await changeHold(hold, to);
    if (lastWrite !== undefined) await to.lastWriter.write(lastWrite);
    if (beforeNewWork === true) await putBeforeNewWork(to);
    return disposition;
  } catch (error) {
    const { log, now } = to.services;
    const next = afterUnexpectedError(error, now());
    if (next.do !== "release")
      log.error(
        { issue: to.job.id, err: error },
        "could not write the end of a run to Redis: the job is requeued and the write is retried",
      );
    return next;
  }
}

async function changeHold(change: HoldChange, { services }: ApplyTo): Promise<void> {
  const { redis, queue, config, log } = services;
  if ("pause" in change) return queue.pause();
  if ("end" in change) {
    await clearHold(redis, change.end, change.by, change.reason);
    return;
  }
  const { name } = change.begin;
  const credentials = await credentialsOfHold(name, config);
  const began = await setHold(redis, { ...change.begin, ...(credentials === null ? {} : { credentials }) });
  if (began) log.warn(`${holdWords(name).what}. ${holdWords(name).advice} To try now: tac8 resume ${name}`);
  // The scheduler would pause the queue too, but only seconds later.
  if (!isRepositoryHold(name)) await queue.pause();
}

async function putBeforeNewWork({ job, services }: ApplyTo): Promise<void> {
  const priority = priorityBeforeNewWork(job.opts.priority ?? 0);
  if (job.opts.priority === priority) return;
  try {
    await job.changePriority({ priority });
  } catch (error) {
    services.log.debug({ err: error }, "could not change the job's priority");
  }
}

async function respond(disposition: Disposition, to: ApplyTo): Promise<JobResult> {
  switch (disposition.do) {
    case "complete":
      return disposition.result;
    case "fail":
      throw withShortStack(new UnrecoverableError(disposition.reason));
    case "retry": {
      const error: BackoffError = Object.assign(withShortStack(new Error(disposition.reason)), {
        delayMs: disposition.delayMs,
      });
      throw error;
    }
    case "requeue":
      return requeue(disposition, to);
    case "release":
      return release(disposition.lost, to);
    default:
      return disposition satisfies never;
  }
}

async function requeue({ until, deferredBecause }: Requeue, { job, lockToken, services }: ApplyTo): Promise<never> {
  await job.moveToDelayed(until, lockToken);
  // The job is deferred only now, because only a job that waits can be offered again.
  if (deferredBecause !== undefined) {
    const priority = priorityBeforeNewWork(job.opts.priority ?? 0);
    await deferJob(services.redis, { reason: deferredBecause, jobId: job.id ?? "", priority, since: job.timestamp });
  }
  throw new DelayedError();
}

/**
 * Release the job of a run that is no longer the issue's current run. In two cases the runner still has the job's
 * lock: Redis was unreachable, or Redis carried out the run's last write but its response was lost, so that the repeated write found no
 * run id. Then the job is delayed, because BullMQ would otherwise count a failed attempt for an issue that may have succeeded. BullMQ
 * comes first, because only BullMQ knows which run has the job.
 */
async function release(lost: Error, { job, lockToken, lastWriter, services }: ApplyTo): Promise<never> {
  const { log, now } = services;
  try {
    await job.moveToDelayed(now() + REQUEUE_MS, lockToken);
  } catch (error) {
    log.debug({ issue: job.id, err: error }, "the job belongs to another run now");
    throw lost; // Another run has it.
  }
  // The job's runner is alive, so the run is no lost run. If the next run has already started, nothing is cleared.
  await lastWriter
    .clearRunId()
    .catch((err: unknown) => log.debug({ issue: job.id, err }, "could not clear the run's id"));
  throw new DelayedError();
}

/** Shorten the stack of an error to its message, because tools for BullMQ show the stack to users. */
function withShortStack<E extends Error>(error: E): E {
  error.stack = error.message;
  return error;
}
