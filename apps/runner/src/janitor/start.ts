import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { tryLock } from "@tac8/core/process/flock";
import { maintainMirrors } from "./maintenance.ts";
import { freeOf, sweep, type JanitorServices } from "./sweep.ts";

/** Delay of the first round, because a start has other work to do first. */
const FIRST_MS = 5 * 60_000;
const CHECK_MS = 10 * 60_000;
const ROUND_MS = 3_600_000;

export interface Janitor {
  /** Start a round now, which makes room up to the limit of health. */
  hurry(): void;
  close(): Promise<void>;
}

/**
 * Clean up every hour, and every ten minutes while disk space is low. Only one runner per data folder does so at a
 * time.
 */
export function startJanitor(services: Omit<JanitorServices, "signal" | "urgent">): Janitor {
  const stop = new AbortController();
  const { signal } = stop;
  let wake = new AbortController();
  async function work(): Promise<void> {
    for (let wait = FIRST_MS; ; wait = CHECK_MS) {
      await sleep(wait, undefined, { signal: AbortSignal.any([signal, wake.signal]) }).catch(() =>
        signal.throwIfAborted(),
      );
      const urgent = wake.signal.aborted;
      if (urgent) wake = new AbortController();
      try {
        await round({ ...services, signal, urgent });
      } catch (err) {
        signal.throwIfAborted();
        services.log.warn({ err }, "the janitor's round failed; it tries again later");
      }
    }
  }
  const working = work().catch((error: unknown) => {
    if (!signal.aborted) services.log.error({ err: error }, "the janitor has stopped: this is a bug in tac8");
  });
  return {
    hurry: () => wake.abort(),
    async close() {
      stop.abort(new Error("the runner is shutting down"));
      await working;
    },
  };
}

/** @returns whether there was a round: none while another runner does one, or too soon after the last one */
export async function round(services: JanitorServices): Promise<boolean> {
  const { config, now, urgent = false } = services;
  const lock = await tryLock(join(config.dataFolder, "janitor.lock"));
  if (lock === null) return false;
  try {
    const file = join(config.dataFolder, "janitor.last");
    const free = await (services.freeBytes ?? (() => freeOf(config.dataFolder)))();
    const short = free < config.janitor.min_free_gb * 1e9;
    const last = Date.parse(await readFile(file, "utf8").catch(() => ""));
    if (!short && !urgent && now() - last < ROUND_MS) return false;
    await sweep(services);
    await maintainMirrors(services);
    await writeFile(file, new Date(now()).toISOString());
    return true;
  } finally {
    lock.release();
  }
}
