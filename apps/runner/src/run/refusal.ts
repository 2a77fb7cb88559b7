import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@tac8/core/log/logger";

const PAUSE_MS = 1000;

/** Return whether Redis refuses writes: it is full, is a replica, or lacks the disk or the replicas that it needs. */
function refusesWrites(error: unknown): boolean {
  return error instanceof Error && /\b(OOM|READONLY|NOREPLICAS|MISCONF)\b/.test(error.message);
}

export interface RoomOptions {
  /** Aborted when the job's lock, which cannot be renewed meanwhile, is about to end. */
  readonly signal: AbortSignal;
  readonly log: Pick<Logger, "warn" | "info">;
}

/**
 * Repeat a write until Redis accepts writes, as commands wait for an unreachable Redis. So the agent's work need not be done again.
 * Logs one line. @throws the signal's reason, or any other error of the write
 */
export async function whenThereIsRoom<T>(write: () => Promise<T>, { signal, log }: RoomOptions): Promise<T> {
  for (let refused = 0; ; refused += 1) {
    try {
      const done = await write();
      if (refused > 0) log.info({ refused }, "Redis accepts writes again: the run continues");
      return done;
    } catch (error) {
      if (!refusesWrites(error)) throw error;
      if (refused === 0)
        log.warn(
          { err: error },
          "Redis refuses writes: the run keeps its results and waits, check the memory and the disk of Redis",
        );
    }
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
