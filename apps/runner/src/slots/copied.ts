import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { hasExited, type MachineIds } from "@tac8/core/process/machineIds";
import { RUNNERS_KEY } from "@tac8/core/state/keys";
import { idOf, readRunners, RUNNER_OFFLINE_MS, type RunnerPresence } from "@tac8/core/state/presence";

/** Time for two renewals of a presence, which a runner writes every 10 s, see announce.ts. */
const WAIT_MS = 22_000;

export interface CopyOptions {
  /** Borrowed. */
  readonly redis: Redis;
  /** Id of the runner that starts. */
  readonly id: string;
  readonly machine: MachineIds;
  readonly signal: AbortSignal;
  /** Called before a wait, with a line that gives the reason. */
  readonly onWait?: (line: string) => void;
  readonly waitMs?: number;
}

/**
 * Find a running runner with the same id, on another machine or in another folder of this machine. In this case the data folder is
 * a copy, for example of a cloned SD card or of a volume, so its slots are free here although they are taken there. The entry of an
 * ended runner no longer changes, which the wait shows without comparing clocks. If the process of the runner can be checked, there
 * is no wait.
 * @returns the name of the other runner, or null if there is none
 */
export async function findCopy(options: CopyOptions): Promise<string | null> {
  const { redis, id, machine, signal, onWait, waitMs = WAIT_MS } = options;
  const first = await read(redis, id);
  if (first?.boot === undefined || Date.now() - first.at > RUNNER_OFFLINE_MS) return null;
  // The entry is from an older version on the same machine.
  if (first.boot === machine.boot && first.pidNamespace === undefined) return null;
  if (hasExited(first, machine)) return null;
  const seconds = Math.ceil(waitMs / 1000);
  onWait?.(
    `${first.name} did not shut down properly, or runs on a copy of this data folder: waiting for ${seconds} s to find out, before this runner accepts jobs`,
  );
  await sleep(waitMs, undefined, { signal });
  const second = await read(redis, id);
  const isAtWork = second?.boot === first.boot && second.instance === first.instance && second.text !== first.text;
  return isAtWork ? second.name : null;
}

/** An entry in Redis. `text` is its unparsed value. */
type PresenceEntry = Pick<RunnerPresence, "at" | "boot" | "name" | "pid" | "pidNamespace" | "instance"> & {
  readonly text: string;
};

async function read(redis: Redis, id: string): Promise<PresenceEntry | null> {
  const text = await redis.hget(RUNNERS_KEY, id);
  const found = (await readRunners(redis)).find((runner) => idOf(runner) === id);
  return text === null || found === undefined ? null : { ...found, text };
}

/**
 * Return whether this runner must end, because another runner with the same id is running. Two runners that start at the same moment
 * find each other only when one replaces the entry of the other. The later one ends. Pure.
 * @param other the runner whose entry has replaced the entry of this one
 */
export function isLaterCopy(own: RunnerPresence, other: RunnerPresence): boolean {
  if (other.instance === undefined || other.instance === own.instance) return false;
  const [mine, theirs] = [own, other].map(({ process }) => process?.startedAt ?? 0);
  if (mine !== theirs) return (mine ?? 0) > (theirs ?? 0);
  return (own.instance ?? "") > other.instance;
}
