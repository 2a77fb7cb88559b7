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

/** What is governed: from then on the worker rests while no further job may start. Its running jobs continue. */
export interface Governed {
  readonly worker: Pausable;
  /** How many jobs are held now. */
  readonly busy: () => number;
  /** Clears up the data folder at once. */
  readonly clearUp: () => void;
}

export interface AdmissionKeeper {
  readonly admission: Admission;
  /** How many jobs may be held now. */
  readonly limit: number;
  /** Of the last measurement. */
  readonly reading: HostReading;
  /** An operator has paused this runner; null: it is not paused. */
  readonly paused: Pause | null;
  govern(governed: Governed): Promise<void>;
  /** To be called when a job has begun or ended. */
  moved(): void;
  /** To be called when the pause has changed: it is read at once. */
  check(): void;
  /** Pauses, or resumes after any pause: an operator on this machine, who has only a signal. */
  toggle(by: string): void;
  close(): Promise<void>;
}

export interface AdmissionOptions {
  /** Borrowed. */
  readonly redis: Redis;
  readonly runner: RunnerRef;
  /** The machine's name, as reasons have it. */
  readonly host: () => string;
  readonly slots: number;
  readonly limits: HostLimits;
  /** Measures the machine. */
  readonly read: () => Promise<HostReading>;
  readonly log: Logger;
  readonly now: () => number;
  readonly everyMs?: number;
}

/**
 * Keep the admission of this runner: the one place that decides whether a further job may start here, and pauses its worker.
 * Machine, pause and health are read before this returns, and then again and again. While Redis is unreachable, the machine is
 * still measured, and pause and health are those of before.
 */
export async function keepAdmission(options: AdmissionOptions): Promise<AdmissionKeeper> {
  const { redis, runner, host, slots, limits, read, log, now, everyMs = CHECK_MS } = options;
  let reading = await read();
  let paused: Pause | null = await readPause(redis, runner);
  let evaluation: HealthEvaluation | null = await readEvaluation(redis);
  let admission: Admission = OPEN;
  let governed: (Governed & { readonly rest: (rest: boolean) => Promise<void> }) | null = null;
  const isShort = ({ causes }: Admission) => causes.some(({ code }) => code === "disk");
  /** Measuring must not wait for Redis, so each source has its own turn. */
  const turns = { machine: Promise.resolve(), redis: Promise.resolve() };
  /** One look of each kind waits, and no more of them. */
  const waiting = new Set<string>();
  const failed = (err: unknown) => log.warn({ err }, "could not read whether new jobs may start here");
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
    moved: () => void apply().catch(failed),
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
