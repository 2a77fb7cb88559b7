import { Worker } from "bullmq";
import type { Redis } from "ioredis";
import { within } from "@tac8/core/app/within";
import { detectErrorFlood } from "./errorFlood.ts";
import type { ThrottledLog } from "@tac8/core/log/throttleLog";
import { backoffStrategy, QUEUE_NAME, workerTimes, type JobData, type JobResult } from "@tac8/core/queue/contract";
import type { Permit } from "@tac8/core/state/permits";
import type { RunPresence } from "@tac8/core/state/presence";
import type { RunnerSlots } from "../slots/slots.ts";
import { apply } from "./apply.ts";
import type { IssueJob, RunnerServices } from "./services.ts";
import { REQUEUE_MS } from "./planDisposition.ts";
import { HaltSwitch } from "../run/halt.ts";
import { writerWithoutRun } from "./lastWriter.ts";
import { JobLock } from "./jobLock.ts";
import { processJob } from "./process.ts";
import type { Progress } from "../run/progress.ts";

/**
 * The worker is spinning (failing in a loop without a pause) if it has 1000 errors in each 10 s for a minute. A lost connection causes an
 * error every 2 s; a Redis that refuses writes causes 25,000 errors in 4 s.
 */
const SPINNING = { limit: 1000, windowMs: 10_000, consecutiveWindows: 6 };
/** Delay of a job that is left to another runner: a worker that was paused while it waited for a job still receives one. */
const LEAVE_TO_OTHER_MS = 5000;
/** Longest wait for Redis at the end of a run or of the runner. A reachable Redis answers within milliseconds. */
const REDIS_MS = 3000;

export interface ProcessJobsOptions {
  readonly services: RunnerServices;
  /** Borrowed. Used only by the worker. */
  readonly connection: Redis;
  readonly name: string;
  /** Borrowed. The slots that this runner has locked: `take` gives a free one to a job. */
  readonly slots: RunnerSlots;
  /** Whether a job that is received while `busy` other jobs run is left to another runner. */
  readonly shouldLeaveToOther: (busy: number) => boolean;
  /** Called when a job has begun or ended. */
  readonly onJobsChanged: () => void;
  readonly errors: { readonly worker: ThrottledLog; readonly renewal: ThrottledLog };
  /** End this runner's process, so that it is started again. */
  readonly restartProcess: (error: Error) => void;
}

export interface JobProcessor {
  readonly worker: Worker<JobData, JobResult>;
  /** Halt switches of the runs, by job id. */
  readonly running: ReadonlyMap<string, HaltSwitch>;
  /** Return the progress of each run. */
  progress(): RunPresence[];
  /** Requeue the running jobs within `shutdown_grace_seconds`, and close the worker. */
  close(): Promise<void>;
}

/** Start to process jobs, each in a slot and with a lock of its own. */
export function processJobs(options: ProcessJobsOptions): JobProcessor {
  const { services, connection, name, slots, shouldLeaveToOther, onJobsChanged, errors, restartProcess } = options;
  const { log, now } = services;
  const { coordinator } = services.config;
  const running = new Map<string, HaltSwitch>();
  const progress = new Map<string, Progress>();
  const times = workerTimes(coordinator.lock_seconds);
  let closing = false;

  async function processInSlot(job: IssueJob, lockToken = ""): Promise<JobResult> {
    const jobId = job.id ?? "";
    if (closing || shouldLeaveToOther(running.size)) {
      // A job that is received while this runner closes is left to its successor or to another runner.
      const until = now() + (closing ? REQUEUE_MS : LEAVE_TO_OTHER_MS);
      const because = closing ? "the runner is closing" : "another runner should have it";
      return apply(
        { do: "requeue", until, because },
        { job, lockToken, services, lastWriter: writerWithoutRun(services.store, jobId) },
      );
    }
    const haltSwitch = new HaltSwitch();
    const slot = slots.take();
    running.set(jobId, haltSwitch);
    onJobsChanged();
    let permit: Permit | null = null;
    const lock = lockOf(job, { lockToken, haltSwitch, renewPermit: async () => permit?.renew() });
    try {
      return await processJob({
        services,
        job,
        lockToken,
        slot,
        haltSwitch,
        agentTimeLeftMs: () => lock.timeLeftMs(),
        onBegun: (begun) => void progress.set(jobId, begun),
        onPermit: (taken) => void (permit = taken),
      });
    } finally {
      // The next run of this job may have begun while this run released it.
      if (running.get(jobId) === haltSwitch) {
        running.delete(jobId);
        progress.delete(jobId);
      }
      onJobsChanged();
      lock.close();
      slot.release();
      const heldPermit = permit as Permit | null;
      permit = null; // A renewal of the lock that is still under way must not renew the permit after its release.
      await releasePermit(heldPermit);
    }
  }

  /** Release a permit, without waiting for an unreachable Redis: the permit expires by itself. */
  async function releasePermit(permit: Permit | null): Promise<void> {
    const released = permit?.release().catch((err: unknown) => log.debug({ err }, "could not release a run's permit"));
    if (released !== undefined) await within(released, REDIS_MS);
  }

  function lockOf(
    job: IssueJob,
    {
      lockToken,
      haltSwitch,
      renewPermit,
    }: { lockToken: string; haltSwitch: HaltSwitch; renewPermit: () => Promise<void> },
  ): JobLock {
    return new JobLock({
      lockSeconds: coordinator.lock_seconds,
      async renew() {
        const isRenewed = (await job.extendLock(lockToken, times.lockDuration ?? 0)) === 1;
        if (isRenewed) void renewPermit().catch((err: unknown) => log.debug({ err }, "could not renew a run's permit"));
        return isRenewed;
      },
      onExpiringSoon() {
        const reason = "the job's lock could not be renewed in time";
        log.warn({ issue: job.id }, `${reason}: the job is released, check that Redis answers`);
        haltSwitch.request("lost", reason);
      },
      onLost: () => haltSwitch.request("lost", "the job's lock was lost"),
      onError: (error) => errors.renewal("warn", { err: error }, "the job's lock could not be renewed"),
    });
  }

  const worker = new Worker<JobData, JobResult>(QUEUE_NAME, processInSlot, {
    connection,
    name,
    concurrency: coordinator.max_concurrent_workers,
    ...times,
    skipLockRenewal: true, // See `JobLock`.
    settings: { backoffStrategy },
  });
  const isSpinning = detectErrorFlood({ ...SPINNING, now: () => performance.now() });
  worker.on("error", (error) => {
    errors.worker("warn", { err: error }, "worker");
    if (isSpinning()) restartProcess(new Error(spinning(error), { cause: error }));
  });

  return {
    worker,
    running,
    progress: () => [...progress.values()].map(({ presence }) => presence),
    async close() {
      const graceMs = coordinator.shutdown_grace_seconds * 1000;
      closing = true; // A job that is being fetched now arrives after the runs below were notified.
      for (const haltSwitch of running.values()) haltSwitch.request("shutdown", "the runner is shutting down");
      const outOfTime = setTimeout(() => {
        for (const haltSwitch of running.values()) haltSwitch.endOutOfTime();
      }, graceMs);
      // If Redis is unreachable, `worker.close` never ends, so the wait for it has a limit.
      const closed = await within(worker.close(), (running.size > 0 ? graceMs : 0) + REDIS_MS);
      clearTimeout(outOfTime);
      if (closed) return;
      const jobs = [...running.keys()];
      log.warn({ jobs }, `closed without requeuing ${jobs.length} running jobs: ${UNFINISHED}`);
    },
  };
}

const UNFINISHED =
  "check that Redis answers; their work so far is in their workspaces, and their locks expire by themselves";

function spinning(error: Error): string {
  return `for a minute nearly every command to Redis has failed (${error.message}): check its memory (maxmemory) and that it accepts writes; this runner exits, so that it is restarted`;
}
