import type { JobsOptions, WorkerOptions } from "bullmq";
import type { IssueRef } from "../domain/reference.ts";
import { queuePriority, type Priority } from "../domain/priority.ts";

export const QUEUE_NAME = "issues";

/** Written once, when the issue is put into the queue. All else about it is in the issue's hash. */
export interface JobData extends IssueRef {
  readonly repositoryId: number;
  /** For people who read the queue; the runner asks GitHub again. */
  readonly title: string;
  readonly url: string;
}

/** What a finished job keeps for those who read the queue. */
export interface JobResult {
  readonly outcome: string;
  readonly prUrl: string | null;
  readonly reason: string | null;
}

/** Finished jobs that stay visible in the queue, each of completed and failed. */
const KEPT_FINISHED = 2000;
const KEPT_LOG_LINES = 200;

export function jobOptions(options: {
  jobId: string;
  priority: Priority;
  begun: boolean;
  attempts: number;
}): JobsOptions {
  return {
    jobId: options.jobId,
    priority: queuePriority(options.priority, options.begun),
    attempts: options.attempts,
    backoff: { type: "tac8" },
    removeOnComplete: { count: KEPT_FINISHED },
    removeOnFail: { count: KEPT_FINISHED },
    keepLogs: KEPT_LOG_LINES,
  };
}

/**
 * Times of the worker, from `lock_seconds` (120 rides out a Redis outage of 60 s with an orderly end).
 * Stalls are never counted by BullMQ, which would fail the job without telling the issue; the hash counts lost runs.
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
 * So long after the lock's last renewal the guard ends the agent by itself, whatever became of the runner: it must be
 * dead before the lock expires. Milliseconds, from the renewal and not from the last heartbeat.
 */
export function silenceLimit(lockSeconds: number): number {
  return lockSeconds * 1000 * 0.8;
}

/** A runner that lives releases the job a little earlier; 90 s of 120 s: an outage of 60 s is over by then. */
export function releaseAfter(lockSeconds: number): number {
  return lockSeconds * 1000 * 0.75;
}

/** Fields of an error that tell BullMQ's backoff strategy how long to wait. */
export interface BackoffError extends Error {
  readonly delayMs?: number;
}

export function backoffStrategy(_made: number, _type?: string, error?: BackoffError): number {
  return error?.delayMs ?? 60_000;
}
