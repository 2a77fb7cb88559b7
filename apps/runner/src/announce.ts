import type { Redis } from "ioredis";
import { announceRunner, idOf, restoreRunner, removeRunner, type RunnerPresence } from "@tac8/core/state/presence";

const ANNOUNCE_MS = 5000;
/**
 * Age at which an entry is written again if only readings have changed: each write is also a write to the disk of
 * Redis.
 */
const REFRESH_MS = 9000;

export interface AnnounceOptions {
  /** Borrowed. */
  readonly redis: Redis;
  /** Return the presence of this runner as it is now. */
  readonly describe: () => RunnerPresence;
  /** Called each time before the entry is checked. */
  readonly before: () => Promise<void>;
  /** Record the requests to GitHub since the last call. */
  readonly tally: () => Promise<void>;
  /**
   * Called with the entry of another process that has replaced this runner's entry since the last announcement.
   * @returns whether this runner ends because of it. The entry is then the other's again, so the next start here
   * detects it.
   */
  readonly onOther: (other: RunnerPresence, own: RunnerPresence) => boolean;
  readonly onError: (error: unknown) => void;
  readonly everyMs?: number;
}

/**
 * Return whether there is something to announce. Pure.
 * @param last the last announcement, or null
 */
export function isNews(last: RunnerPresence | null, own: RunnerPresence): boolean {
  if (last === null) return true;
  const age = own.at - last.at;
  return age < 0 || age >= REFRESH_MS || steady(last) !== steady(own);
}

/** Serialize the entry without the values that differ each time. */
function steady(own: RunnerPresence): string {
  const { at: _at, machine: _machine, process: _process, github: _github, admission, ...facts } = own;
  const causes = admission?.causes.map(({ code, effect }) => [code, effect]);
  return JSON.stringify([facts, admission?.state, causes]);
}

/** Announce this runner before this returns, and then regularly. When the runner ends, remove the entry. */
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
    // Announcements of the time while Redis was unreachable would be outdated, and would pile up here.
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
        await restoreRunner(redis, found);
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
      await announcing; // An announcement after the removal would show a runner that no longer runs.
      if (redis.status !== "ready") return;
      const remove = async () => (ended ? undefined : removeRunner(redis, idOf(describe())));
      await Promise.allSettled([tally(), remove()]);
    },
  };
}
