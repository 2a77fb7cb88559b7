import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { idOf, readRunners, RUNNER_GONE_MS } from "@tac8/core/state/presence";

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
 * machine before it was started again, does not announce itself any more.
 * @returns its name; null: there is none
 */
export async function findCopy({ redis, id, boot, signal, waitMs = WAIT_MS }: CopyOptions): Promise<string | null> {
  const look = async () => (await readRunners(redis)).find((runner) => idOf(runner) === id);
  const before = await look();
  if (before?.boot === undefined || before.boot === boot || Date.now() - before.at > RUNNER_GONE_MS) return null;
  await sleep(waitMs, undefined, { signal });
  const after = await look();
  return after !== undefined && after.boot === before.boot && after.at > before.at + SAME_MS ? after.name : null;
}

/** Clocks are compared with Redis' anew each time. */
const SAME_MS = 1000;

/** Return the id of this machine's present boot; empty where the kernel does not tell. */
export async function bootId(): Promise<string> {
  return (await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "")).trim();
}
