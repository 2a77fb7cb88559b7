import type { Redis } from "ioredis";
import { readVerdict } from "@tac8/core/state/healthVerdict";
import type { Logger } from "@tac8/core/log/logger";
import { paceOf } from "./pace.ts";
import type { Pausable } from "./brake.ts";

const LOOK_MS = 5000;

export interface PaceKeeper {
  /** How many jobs may be held now. */
  readonly limit: number;
  /** To be called when a job has begun or ended. */
  moved(): void;
  close(): Promise<void>;
}

export interface PaceOptions {
  /** Borrowed, as all of these. */
  readonly redis: Redis;
  readonly worker: Pausable;
  /** The machine's name, as reasons have it. */
  readonly host: () => string;
  readonly slots: number;
  /** How many jobs are held now. */
  readonly busy: () => number;
  /** Clears up the data folder at once. */
  readonly clearUp: () => void;
  readonly log: Logger;
  readonly now: () => number;
  readonly everyMs?: number;
}

/**
 * Has a worker do what the scheduler's judgement asks of it: while it is to go slowly it takes nothing new at half of its
 * slots; jobs that run go on.
 */
export function keepPace(options: PaceOptions): PaceKeeper {
  const { redis, worker, host, slots, busy, clearUp, log, now, everyMs = LOOK_MS } = options;
  let pace = paceOf({ verdict: null, host: host(), slots, now: now() });
  let looking = false;
  let working: Promise<void> = Promise.resolve();
  const guarded = (work: () => Promise<void>) => {
    working = working.then(work).catch((err: unknown) => log.debug({ err }, "could not keep pace"));
  };

  /** While Redis is away one look waits for it, and no more of them. */
  function lookOnce(): void {
    if (looking) return;
    looking = true;
    guarded(() => look().finally(() => (looking = false)));
  }

  async function look(): Promise<void> {
    const before = pace;
    pace = paceOf({ verdict: await readVerdict(redis), host: host(), slots, now: now() });
    if (pace.limit < before.limit) log.warn(`going slowly, with ${pace.limit} of ${slots} slots: ${pace.why}`);
    if (pace.limit > before.limit) log.info("all slots take jobs again");
    if (pace.clearUp && !before.clearUp) clearUp();
    await apply();
  }

  async function apply(): Promise<void> {
    const rest = pace.limit < slots && busy() >= pace.limit;
    await (rest ? worker.pause(true) : worker.resume());
  }

  lookOnce();
  const timer = setInterval(lookOnce, everyMs);
  return {
    get limit() {
      return pace.limit;
    },
    moved: () => guarded(apply),
    async close() {
      clearInterval(timer);
      await working;
    },
  };
}
