import type { Redis } from "ioredis";
import { announceRunner, idOf, putRunnerBack, removeRunner, type RunnerPresence } from "@tac8/core/state/presence";

const ANNOUNCE_MS = 5000;
/** How old an announcement may be where nothing has changed but readings: each one is a write to the disk of Redis. */
const REFRESH_MS = 9000;

export interface AnnounceOptions {
  /** Borrowed. */
  readonly redis: Redis;
  /** This runner as it is now. */
  readonly describe: () => RunnerPresence;
  /** Done each time before it is checked. */
  readonly before: () => Promise<void>;
  /** Counts what was asked of GitHub since the last time. */
  readonly tally: () => Promise<void>;
  /**
   * Called with an entry of another process that has taken the place of this runner's since the last time. @returns whether this
   * runner ends for it: the entry is then the other's again, so that the next start here finds it at work.
   */
  readonly onOther: (other: RunnerPresence, own: RunnerPresence) => boolean;
  readonly onError: (error: unknown) => void;
  readonly everyMs?: number;
}

/** Pure: is there something to announce? `last`: what was announced last; null: nothing. */
export function isNews(last: RunnerPresence | null, own: RunnerPresence): boolean {
  if (last === null) return true;
  const age = own.at - last.at;
  return age < 0 || age >= REFRESH_MS || steady(last) !== steady(own);
}

/** Without what is another number each time. */
function steady(own: RunnerPresence): string {
  const { at: _at, machine: _machine, process: _process, github: _github, admission, ...facts } = own;
  const causes = admission?.causes.map(({ code, effect }) => [code, effect]);
  return JSON.stringify([facts, admission?.state, causes]);
}

/** Announces this runner, the first time before it returns, and then again and again; when it ends that it is gone. */
export async function announce({
  redis,
  describe,
  before,
  tally,
  onOther,
  onError,
  everyMs = ANNOUNCE_MS,
}: AnnounceOptions): Promise<{ close(): Promise<void> }> {
  let announcing: Promise<void> | null = null;
  let ended = false;
  let last: RunnerPresence | null = null;

  function announceSoon(): Promise<void> {
    // What Redis has not heard while it was unreachable is old by then, and would pile up here.
    if (announcing !== null || ended || redis.status !== "ready") return Promise.resolve();
    announcing = announceNow().finally(() => (announcing = null));
    return announcing;
  }

  async function announceNow(): Promise<void> {
    try {
      await before();
      const own = describe();
      if (!isNews(last, own)) return;
      const found = await announceRunner(redis, own);
      if (last !== null && found !== null && found.instance !== own.instance && onOther(found, own)) {
        ended = true;
        await putRunnerBack(redis, found);
        return;
      }
      last = own;
      await tally();
    } catch (error) {
      onError(error);
    }
  }

  const timer = setInterval(() => void announceSoon(), everyMs);
  await announceSoon();
  return {
    async close() {
      clearInterval(timer);
      await announcing; // An announcement after the removal would be of a runner that is gone.
      if (redis.status !== "ready") return;
      const remove = async () => (ended ? undefined : removeRunner(redis, idOf(describe())));
      await Promise.allSettled([tally(), remove()]);
    },
  };
}
