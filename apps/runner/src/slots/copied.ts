import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { hasExited, type MachineIds } from "@tac8/core/process/machineIds";
import { RUNNERS_KEY } from "@tac8/core/state/keys";
import { idOf, readRunners, RUNNER_OFFLINE_MS, type RunnerPresence } from "@tac8/core/state/presence";

/** A runner announces itself every 10 s, see announce.ts. */
const WAIT_MS = 22_000;

export interface CopyOptions {
  /** Borrowed. */
  readonly redis: Redis;
  /** Id of the runner that is about to start. */
  readonly id: string;
  readonly machine: MachineIds;
  readonly signal: AbortSignal;
  /** Called before the wait, with one line that gives the reason. */
  readonly onWait?: (line: string) => void;
  readonly waitMs?: number;
}

/**
 * Find the runner that has the same id and is at work elsewhere, on another machine or in another folder of this one: the data
 * folder is a copy then, such as that of a cloned SD card or of a volume, and its slots are free here although they are taken
 * there. A runner that ended does not announce itself any more: its entry stays as it is, whatever clocks say. Where its
 * process can be looked for, nothing is waited for.
 * @returns its name; null: there is none
 */
export async function findCopy(options: CopyOptions): Promise<string | null> {
  const { redis, id, machine, signal, onWait, waitMs = WAIT_MS } = options;
  const first = await read(redis, id);
  if (first?.boot === undefined || Date.now() - first.at > RUNNER_OFFLINE_MS) return null;
  // An older version on the same machine.
  if (first.boot === machine.boot && first.pidNamespace === undefined) return null;
  if (hasExited(first, machine)) return null;
  const seconds = Math.ceil(waitMs / 1000);
  onWait?.(
    `${first.name} did not sign off, so this runner waits for ${seconds} s before it takes work: is another one at work on a copy of this data folder?`,
  );
  await sleep(waitMs, undefined, { signal });
  const second = await read(redis, id);
  const isAtWork = second?.boot === first.boot && second.instance === first.instance && second.text !== first.text;
  return isAtWork ? second.name : null;
}

/** `text`: the entry as it is in Redis. */
type Seen = Pick<RunnerPresence, "at" | "boot" | "name" | "pid" | "pidNamespace" | "instance"> & {
  readonly text: string;
};

async function read(redis: Redis, id: string): Promise<Seen | null> {
  const text = await redis.hget(RUNNERS_KEY, id);
  const found = (await readRunners(redis)).find((runner) => idOf(runner) === id);
  return text === null || found === undefined ? null : { ...found, text };
}

/**
 * Whether this runner must end, because another runner with the same id works. `other`: the runner whose entry has replaced the entry of
 * this one. Two runners that start at the same moment do not see each other before that. The later one ends. Pure.
 */
export function isLaterCopy(own: RunnerPresence, other: RunnerPresence): boolean {
  if (other.instance === undefined || other.instance === own.instance) return false;
  const [mine, theirs] = [own, other].map(({ process }) => process?.startedAt ?? 0);
  if (mine !== theirs) return (mine ?? 0) > (theirs ?? 0);
  return (own.instance ?? "") > other.instance;
}
