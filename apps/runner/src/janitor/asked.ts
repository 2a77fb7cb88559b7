import { messageOf } from "@tac8/core/domain/messageOf";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  reportCleaning,
  MAX_NAMED,
  takeCleanRequest,
  type CleanResult,
  type CleanRequest,
} from "@tac8/core/state/cleaning";
import { lock } from "@tac8/core/process/flock";
import { sweep, type JanitorServices, type SweepReport } from "./sweep.ts";

const CHECK_MS = 2000;
/** Time to wait for another runner's round on the same data folder. */
const LOCK_MS = 5 * 60_000;

/** Receive requests to clean up the data folder now, do so, and answer what was removed. */
export function receiveAsks(
  services: Omit<JanitorServices, "signal"> & { readonly id: string; readonly dataFolderId: string },
): {
  close(): Promise<void>;
} {
  const { redis, id, log } = services;
  const stop = new AbortController();
  const { signal } = stop;
  async function work(): Promise<void> {
    for (;;) {
      await sleep(CHECK_MS, undefined, { signal });
      try {
        const ask = await takeCleanRequest(redis, id);
        if (ask !== null) await reportCleaning(redis, ask.id, await obey(ask, { ...services, signal }));
      } catch (err) {
        signal.throwIfAborted();
        log.debug({ err }, "could not read or answer requests to clean up");
      }
    }
  }
  const working = work().catch((error: unknown) => {
    if (!signal.aborted) log.error({ err: error }, "no process reads requests to clean up: this is a bug in tac8");
  });
  return {
    async close() {
      stop.abort(new Error("the runner is shutting down"));
      // While Redis is unreachable there is no answer to wait for; the owner of the connection closes it.
      if (redis.status === "ready") await working;
    },
  };
}

async function obey(
  { dryRun }: CleanRequest,
  services: JanitorServices & { readonly dataFolderId: string },
): Promise<CleanResult> {
  const { config, signal } = services;
  const nothing: SweepReport = { removed: [], kept: [] };
  try {
    const held = await lock(join(config.dataFolder, "janitor.lock"), { timeoutMs: LOCK_MS, signal });
    try {
      return answerOf(services, await sweep({ ...services, dryRun }), null);
    } finally {
      held.release();
    }
  } catch (error) {
    signal.throwIfAborted();
    return answerOf(services, nothing, messageOf(error));
  }
}

function answerOf(
  { name, dataFolderId, config }: JanitorServices & { readonly dataFolderId: string },
  { removed, kept }: SweepReport,
  problem: string | null,
): CleanResult {
  return {
    runner: name,
    homeId: dataFolderId,
    home: config.dataFolder,
    removed: removed
      .slice(0, MAX_NAMED)
      .map(({ item: { kind, issue, paths }, why, bytes }) => ({ kind, issue, paths: [...paths], why, bytes })),
    removedCount: removed.length,
    bytes: removed.reduce((sum, { bytes }) => sum + bytes, 0),
    kept: kept
      .slice(0, MAX_NAMED)
      .map(({ item: { kind, issue, paths }, reason }) => ({ kind, issue, paths: [...paths], reason })),
    keptCount: kept.length,
    problem,
  };
}
