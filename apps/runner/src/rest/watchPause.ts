import type { Redis } from "ioredis";
import type { Pause } from "@tac8/core/domain/pause";
import type { Logger } from "@tac8/core/log/logger";
import { pauseRunner, readPause, resumeRunner } from "@tac8/core/state/pause";
import type { RunnerRef } from "@tac8/core/state/presence";
import type { Pausable } from "../host/brake.ts";

/** Pub/sub wakes it earlier. */
const LOOK_MS = 5000;

export interface PauseWatch {
  /** A person has paused this runner; null: nobody. */
  readonly paused: Pause | null;
  /** From now on this worker rests while the runner is paused; its running jobs go on. */
  govern(worker: Pausable): Promise<void>;
  /** Looks at once: somebody says that it has changed. */
  look(): void;
  /** Pauses, or resumes whoever paused: a person on this machine, who has only a signal. */
  toggle(by: string): void;
  close(): Promise<void>;
}

export interface PauseWatchOptions {
  /** Borrowed. */
  readonly redis: Redis;
  readonly runner: RunnerRef;
  readonly log: Logger;
  readonly now: () => number;
}

/** Obeys the pause of this runner, which outlives it: it is read before this returns, and then again and again. */
export async function watchPause({ redis, runner, log, now }: PauseWatchOptions): Promise<PauseWatch> {
  let paused: Pause | null = null;
  let worker: Pausable | null = null;
  let turn: Promise<void> = Promise.resolve();

  async function read(): Promise<void> {
    const before = paused;
    paused = await readPause(redis, runner);
    if (before === null && paused !== null) {
      log.warn({ by: paused.by }, `this runner is paused, so no new job starts on it: ${paused.reason}`);
    } else if (before !== null && paused === null) log.info("this runner is no longer paused");
    await apply();
  }

  async function apply(): Promise<void> {
    await (paused === null ? worker?.resume() : worker?.pause(true));
  }

  /** One after the other. While Redis is away, what is waiting waits on, and there is nothing to start anyway. */
  function next(work: () => Promise<void>): void {
    turn = turn.then(work).catch((err: unknown) => log.warn({ err }, "could not look whether this runner is paused"));
  }

  await read();
  let looking = false;
  const timer = setInterval(() => {
    if (looking || redis.status !== "ready") return;
    looking = true;
    next(() => read().finally(() => (looking = false)));
  }, LOOK_MS);
  return {
    get paused() {
      return paused;
    },
    govern(given) {
      worker = given;
      return apply();
    },
    look: () => next(read),
    toggle(by) {
      next(async () => {
        const reason = "paused by the signal SIGUSR1";
        if ((await resumeRunner(redis, { runner, by })) === null) {
          await pauseRunner(redis, { runner, by, reason, now: now() });
        }
        await read();
      });
    },
    async close() {
      clearInterval(timer);
      if (redis.status === "ready") await turn;
    },
  };
}
