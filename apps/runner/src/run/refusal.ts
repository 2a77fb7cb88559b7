import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@tac8/core/log/logger";

const PAUSE_MS = 1000;

/** Redis answers, and takes no writes: full, a replica, or without the disk or the replicas that it must have. */
function refusesWrites(error: unknown): boolean {
  return error instanceof Error && /\b(OOM|READONLY|NOREPLICAS|MISCONF)\b/.test(error.message);
}

export interface RoomOptions {
  /** Aborted when the job's lock, which cannot be renewed meanwhile, is near its end. */
  readonly signal: AbortSignal;
  readonly log: Pick<Logger, "warn" | "info">;
}

/**
 * A write waits for a Redis that takes none, as it waits for one that is unreachable: what an agent has done is not done again for
 * it. Says so once. @throws the signal's reason, or any other error of the write.
 */
export async function whenThereIsRoom<T>(write: () => Promise<T>, { signal, log }: RoomOptions): Promise<T> {
  for (let refused = 0; ; refused += 1) {
    try {
      const done = await write();
      if (refused > 0) log.info({ refused }, "Redis takes writes again");
      return done;
    } catch (error) {
      if (!refusesWrites(error)) throw error;
      if (refused === 0) log.warn({ err: error }, "Redis takes no writes: waiting for it, with what has been done");
    }
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
