import { DelayedError, UnrecoverableError, type Queue } from "bullmq";
import type { Redis } from "ioredis";
import type { Config } from "@tac8/core/config/resolve";
import { isRepositoryHold } from "@tac8/core/domain/holds";
import { holdWords } from "@tac8/core/domain/holdWords";
import { begunPriority } from "@tac8/core/domain/priority";
import type { Logger } from "@tac8/core/log/logger";
import type { BackoffError, JobResult } from "@tac8/core/queue/contract";
import { clearHold, setHold } from "@tac8/core/state/holds";
import { waitForPlace } from "@tac8/core/state/places";
import type { IssueJob } from "./services.ts";
import { credentialsOfHold } from "../holds/credentialsOfHold.ts";
import { afterError, REQUEUE_MS } from "./dispose.ts";
import type { Disposition, HoldChange, Requeue } from "./disposition.ts";
import type { LastWrite } from "../run/lastWrite.ts";

/** The record, as the end of a run, or of a job that got none, may write it. */
export interface LastWriter {
  /** Writes, shows, and then clears the run's id. @throws LostRun, or the signal's reason, when the run has lost the job */
  readonly write: (last: LastWrite) => Promise<void>;
  /** Clears the run's id if it is still this run's. */
  readonly clear: () => Promise<void>;
}

export interface ApplyTo {
  readonly job: Pick<IssueJob, "id" | "opts" | "timestamp" | "moveToDelayed" | "changePriority">;
  /** Of the job's lock. */
  readonly token: string;
  readonly services: {
    readonly config: Config;
    readonly redis: Redis;
    readonly queue: Pick<Queue, "pause">;
    readonly log: Logger;
    readonly now: () => number;
  };
  readonly record: LastWriter;
}

/**
 * Does what was decided about a job, in this order: the hold (with the queue paused), the record, the priority, BullMQ. Where
 * something before BullMQ fails, the job is requeued as it is.
 * @throws what BullMQ understands: DelayedError, UnrecoverableError, an error with its delay, or any other one where the job
 * is not ours any more
 */
export async function apply(disposition: Disposition, to: ApplyTo): Promise<JobResult> {
  return answer(await prepared(disposition, to), to);
}

async function prepared(disposition: Disposition, to: ApplyTo): Promise<Disposition> {
  if (disposition.do === "release") return disposition;
  const { hold, record, isFirst } = disposition;
  try {
    // Before the slot becomes free: the next job would meet the same limit.
    if (hold !== undefined) await changeHold(hold, to);
    if (record !== undefined) await to.record.write(record);
    if (isFirst === true) await putFirst(to);
    return disposition;
  } catch (error) {
    const { log, now } = to.services;
    const next = afterError(error, now());
    if (next.do !== "release")
      log.error({ issue: to.job.id, err: error }, "the end of a run could not be recorded: waiting");
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
  // The scheduler would, in seconds.
  if (!isRepositoryHold(name)) await queue.pause();
}

async function putFirst({ job, services }: ApplyTo): Promise<void> {
  const priority = begunPriority(job.opts.priority ?? 0);
  if (job.opts.priority === priority) return;
  try {
    await job.changePriority({ priority });
  } catch (error) {
    services.log.debug({ err: error }, "could not change the job's priority");
  }
}

async function answer(disposition: Disposition, to: ApplyTo): Promise<JobResult> {
  switch (disposition.do) {
    case "complete":
      return disposition.result;
    case "fail":
      throw plain(new UnrecoverableError(disposition.reason));
    case "retry": {
      const error: BackoffError = Object.assign(plain(new Error(disposition.reason)), { delayMs: disposition.delayMs });
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

async function requeue({ until, offer }: Requeue, { job, token, services }: ApplyTo): Promise<never> {
  await job.moveToDelayed(until, token);
  // Only now: what is offered again must be waiting.
  if (offer !== undefined) {
    const priority = begunPriority(job.opts.priority ?? 0);
    await waitForPlace(services.redis, { reason: offer, jobId: job.id ?? "", priority, since: job.timestamp });
  }
  throw new DelayedError();
}

/**
 * A run was told that it has lost its place. Where its job's lock is ours all the same, Redis was unreachable, or it was the run's own
 * last write that had released the place, and Redis' answer to it was lost: the client sent it again. To BullMQ this would
 * be a failed attempt of an issue that may have ended well. BullMQ comes first: it knows whether the job is ours.
 */
async function release(lost: Error, { job, token, record, services }: ApplyTo): Promise<never> {
  const { log, now } = services;
  try {
    await job.moveToDelayed(now() + REQUEUE_MS, token);
  } catch (error) {
    log.debug({ issue: job.id, err: error }, "the job is not ours any more");
    throw lost; // Another run has it.
  }
  // Its runner lives, so it counts as no lost run; unless the next run was quicker than we.
  await record.clear().catch((err: unknown) => log.debug({ issue: job.id, err }, "could not let go of the run"));
  throw new DelayedError();
}

/** BullMQ shows the stack to people: a failure with a name says all in its message. */
function plain<E extends Error>(error: E): E {
  error.stack = error.message;
  return error;
}
