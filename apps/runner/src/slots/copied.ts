import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { RUNNERS_KEY } from "@tac8/core/state/keys";
import { idOf, readRunners, RUNNER_GONE_MS, type RunnerPresence } from "@tac8/core/state/presence";

/** A runner announces itself every 5 s. */
const WAIT_MS = 12_000;

export interface CopyOptions {
  /** Borrowed. */
  readonly redis: Redis;
  /** Of the runner that is about to start. */
  readonly id: string;
  /** Of this machine's present boot. */
  readonly boot: string;
  readonly signal: AbortSignal;
  readonly waitMs?: number;
}

/**
 * Find the runner that has the same id and is at work on another machine: the data folder is a copy then, such as that of a
 * cloned SD card, and its slots are free here although they are taken there. A runner that has just ended, or was on this
 * machine before it was started again, does not announce itself any more: its entry stays as it is, whatever clocks say.
 * @returns its name; null: there is none
 */
export async function findCopy({ redis, id, boot, signal, waitMs = WAIT_MS }: CopyOptions): Promise<string | null> {
  const first = await look(redis, id);
  if (first === null || first.boot === undefined || first.boot === boot) return null;
  if (Date.now() - first.at > RUNNER_GONE_MS) return null;
  await sleep(waitMs, undefined, { signal });
  const second = await look(redis, id);
  const isAtWork = second?.boot === first.boot && second.text !== first.text;
  return isAtWork ? second.name : null;
}

/** `text`: the entry as it is in Redis. */
type Seen = Pick<RunnerPresence, "at" | "boot" | "name"> & { readonly text: string };

async function look(redis: Redis, id: string): Promise<Seen | null> {
  const text = await redis.hget(RUNNERS_KEY, id);
  const found = (await readRunners(redis)).find((runner) => idOf(runner) === id);
  return text === null || found === undefined ? null : { ...found, text };
}

/** Return the id of this machine's present boot; empty where the kernel does not tell. */
export async function bootId(): Promise<string> {
  return (await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "")).trim();
}
