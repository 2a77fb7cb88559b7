import type { JobsOptions, WorkerOptions } from "bullmq";
import type { IssueRef } from "../domain/reference.ts";
import { queuePriority, type Priority } from "../domain/priority.ts";

export const QUEUE_NAME = "issues";

/** Data of a job, written once, when the issue is queued. Everything else is in the record of the issue. */
export interface JobData extends IssueRef {
  readonly repositoryId: number;
  /** For display. The runner reads the title from GitHub again; a pull request gets this one only if GitHub no longer shows the issue. */
  readonly title: string;
  readonly url: string;
}

/** Result of a finished job, for display in the queue. */
export interface JobResult {
  readonly outcome: string;
  readonly prUrl: string | null;
  readonly reason: string | null;
}

/** Number of completed jobs, and number of failed jobs, that the queue keeps. */
const KEPT_FINISHED = 2000;
const KEPT_LOG_LINES = 200;

export function jobOptions(options: {
  jobId: string;
  priority: Priority;
  /** Whether the job goes before new work of its priority, because the work on the issue has begun. */
  beforeNewWork: boolean;
  attempts: number;
}): JobsOptions {
  return {
    jobId: options.jobId,
    priority: queuePriority(options.priority, options.beforeNewWork),
    attempts: options.attempts,
    backoff: { type: "tac8" },
    removeOnComplete: { count: KEPT_FINISHED },
    removeOnFail: { count: KEPT_FINISHED },
    keepLogs: KEPT_LOG_LINES,
  };
}

/**
 * Times of BullMQ's worker, the runner's connection to the queue, derived from `lock_seconds`. With 120 s, it survives a Redis outage of 60 s.
 * BullMQ does not renew locks (`skipLockRenewal`): `JobLock` does, twice in `lockRenewTime`. BullMQ's own count of stalls is disabled,
 * because BullMQ would fail the job without a report on the issue; the record counts lost runs.
 */
export function workerTimes(
  lockSeconds: number,
): Pick<WorkerOptions, "lockDuration" | "lockRenewTime" | "stalledInterval" | "maxStalledCount"> {
  const lockDuration = lockSeconds * 1000;
  return {
    lockDuration,
    lockRenewTime: Math.round(lockDuration / 6),
    stalledInterval: Math.round(lockDuration / 8),
    maxStalledCount: 1_000_000,
  };
}

/**
 * Return the time in ms after the last renewal of the job's lock at which the guard kills an agent that still runs. So the agent is dead
 * before the lock expires, even if its runner does not respond.
 */
export function guardKillsAfter(lockSeconds: number): number {
  return lockSeconds * 1000 * 0.8;
}

/**
 * Return the time in ms after the last renewal of the job's lock at which a live runner ends its agent and releases the job. With a lock of
 * 120 s: 90 s. The last renewal is up to 10 s older than an outage of Redis, or 20 s if one renewal was late, so an outage of 60 s is survived.
 */
export function releaseAfter(lockSeconds: number): number {
  return lockSeconds * 1000 * 0.75;
}

/** An error with the delay for BullMQ's backoff strategy. */
export interface BackoffError extends Error {
  readonly delayMs?: number;
}

export function backoffStrategy(_attemptsMade: number, _type?: string, error?: BackoffError): number {
  return error?.delayMs ?? 60_000;
}
