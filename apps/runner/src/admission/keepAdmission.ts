import type { Redis } from "ioredis";
import { OPEN, planAdmission, slotsFor, type Admission } from "@tac8/core/domain/admission";
import type { HostReading } from "@tac8/core/domain/host";
import type { Pause } from "@tac8/core/domain/pause";
import type { HostLimits } from "@tac8/core/domain/thresholds";
import type { Logger } from "@tac8/core/log/logger";
import { currentReasons, readEvaluation, type HealthEvaluation } from "@tac8/core/state/healthEvaluation";
import { pauseRunner, readPause, resumeRunner } from "@tac8/core/state/pause";
import type { RunnerRef } from "@tac8/core/state/presence";
import { newsOf } from "./news.ts";
import { createRestSwitch, type Pausable } from "./restSwitch.ts";

const CHECK_MS = 5000;

/** The worker that the keeper pauses while no new job may start. Its running jobs continue. */
export interface Governed {
  readonly worker: Pausable;
  /** Return the number of jobs that the worker holds now. */
  readonly busy: () => number;
  /** Start a clean-up of the data folder at once. */
  readonly clearUp: () => void;
}

export interface AdmissionKeeper {
  readonly admission: Admission;
  /** Number of jobs that the worker may hold now. */
  readonly limit: number;
  /** The last measurement of the host. */
  readonly reading: HostReading;
  /** The pause that an operator has set on this runner; null if it is not paused. */
  readonly paused: Pause | null;
  govern(governed: Governed): Promise<void>;
  /** Call this when a job has started or ended. */
  jobsChanged(): void;
  /** Call this when the pause has changed: reads it at once. */
  check(): void;
  /** Pause this runner, or resume it if it is paused: for an operator on this host, who can only send a signal. */
  toggle(by: string): void;
  close(): Promise<void>;
}

export interface AdmissionOptions {
  /** Borrowed. */
  readonly redis: Redis;
  readonly runner: RunnerRef;
  /** Return the name of the host for the reasons. */
  readonly host: () => string;
  readonly slots: number;
  readonly limits: HostLimits;
  /** Measure the host. */
  readonly read: () => Promise<HostReading>;
  readonly log: Logger;
  readonly now: () => number;
  readonly everyMs?: number;
}

/**
 * Keep the admission of this runner: the only code that decides whether a new job may start here, and that pauses its
 * worker. Host, pause and health are read before this returns, and then regularly. While Redis is unreachable, the host
 * is still measured, and pause and health keep their last values.
 */
export async function keepAdmission(options: AdmissionOptions): Promise<AdmissionKeeper> {
  const { redis, runner, host, slots, limits, read, log, now, everyMs = CHECK_MS } = options;
  let reading = await read();
  let paused: Pause | null = await readPause(redis, runner);
  let evaluation: HealthEvaluation | null = await readEvaluation(redis);
  let admission: Admission = OPEN;
  let governed: (Governed & { readonly rest: (rest: boolean) => Promise<void> }) | null = null;
  const isShort = ({ causes }: Admission) => causes.some(({ code }) => code === "disk");
  /** One queue for each source, because a measurement of the host must not wait for Redis. */
  const turns = { machine: Promise.resolve(), redis: Promise.resolve() };
  /** Kinds of reads that are queued: at most one of each kind. */
  const waiting = new Set<string>();
  const failed = (err: unknown) =>
    log.warn({ err }, "could not read the pause, the health or the host: the last values stay");
  function next(turn: keyof typeof turns, work: () => Promise<void>): void {
    turns[turn] = turns[turn].then(work).catch(failed);
  }
  function nextOnce(turn: keyof typeof turns, work: () => Promise<void>): void {
    if (waiting.has(turn)) return;
    waiting.add(turn);
    next(turn, () => work().finally(() => waiting.delete(turn)));
  }

  async function decide(): Promise<void> {
    const before = admission;
    admission = planAdmission({
      queue: null,
      runner: { host: host(), pause: paused, reading, limits, before },
      reasons: currentReasons(evaluation, now()),
    });
    for (const { level, text } of newsOf(before, admission, slots)) log[level](text);
    if (isShort(admission) && !isShort(before)) governed?.clearUp();
    await apply();
  }

  async function apply(): Promise<void> {
    const limit = slotsFor(admission, slots);
    await governed?.rest(limit < slots && governed.busy() >= limit);
  }

  async function measure(): Promise<void> {
    reading = await read();
    await decide();
  }

  async function readPaused(): Promise<void> {
    paused = await readPause(redis, runner);
    await decide();
  }

  async function readBoth(): Promise<void> {
    evaluation = await readEvaluation(redis);
    await readPaused();
  }

  await decide();
  const timer = setInterval(() => {
    nextOnce("machine", measure);
    if (redis.status === "ready") nextOnce("redis", readBoth);
  }, everyMs);
  return {
    get admission() {
      return admission;
    },
    get limit() {
      return slotsFor(admission, slots);
    },
    get reading() {
      return reading;
    },
    get paused() {
      return paused;
    },
    async govern(given) {
      governed = { ...given, rest: createRestSwitch(given.worker) };
      if (isShort(admission)) given.clearUp();
      await apply();
    },
    jobsChanged: () => void apply().catch(failed),
    check: () => next("redis", readPaused),
    toggle(by) {
      next("redis", async () => {
        const reason = "paused by the signal SIGUSR1";
        if ((await resumeRunner(redis, { runner, by })) === null) {
          await pauseRunner(redis, { runner, by, reason, now: now() });
        }
        await readPaused();
      });
    },
    async close() {
      clearInterval(timer);
      await turns.machine;
      if (redis.status === "ready") await turns.redis;
    },
  };
}
