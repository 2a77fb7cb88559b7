import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { tryLock, type Lock } from "../lock/flock.ts";

/** A slot's live run, on disk for whoever takes the slot after a crash. */
const liveRunSchema = z.object({ jobId: z.string(), run: z.string(), token: z.string() });
export type LiveRun = z.infer<typeof liveRunSchema>;

export interface Slot {
  /** `<host>/<number>`: the runner's name for people. */
  readonly name: string;
  /** No two slots of a data folder that are taken have the same. */
  readonly number: number;
  begin(live: LiveRun): Promise<void>;
  end(): Promise<void>;
}

export interface TakenSlots {
  /** Takes a free slot; there is one for each job that the worker may hold. */
  take(): Slot & { release(): void };
  /** Number of the first one: it names the runner. */
  readonly first: number;
  /** What runs of an earlier runner stood in the slots that are ours now. */
  readonly abandoned: readonly LiveRun[];
  /** Takes away the notes of those of them that were seen to. */
  forget(runs: readonly string[]): Promise<void>;
  close(): void;
}

/** More runners on one data folder than this is a mistake. */
const MAX_SLOTS = 1024;

/**
 * Takes `count` slots of the data folder, `runs/slot-N`, by flock: never by pid or host name, which containers that
 * share the folder do not share.
 */
export async function takeSlots(options: { home: string; count: number; host: string }): Promise<TakenSlots> {
  const folder = join(options.home, "runs");
  await mkdir(folder, { recursive: true });
  const locks: { number: number; lock: Lock }[] = [];
  for (let number = 0; locks.length < options.count; number += 1) {
    if (number >= MAX_SLOTS) throw new Error(`no free slot in ${folder}: too many runners share this data folder`);
    const lock = await tryLock(join(folder, `slot-${number}.lock`));
    if (lock !== null) locks.push({ number, lock });
  }
  const abandoned: LiveRun[] = [];
  for (const { number } of locks) {
    const live = await readLive(join(folder, `slot-${number}.json`));
    if (live !== null) abandoned.push(live);
  }
  const free = locks.map(({ number }) => number);
  return {
    abandoned,
    first: free[0] ?? 0,
    take() {
      const number = free.shift();
      if (number === undefined) throw new Error("more jobs at once than slots: this is a defect");
      return { ...slotAt(folder, number, options.host), release: () => void free.unshift(number) };
    },
    async forget(runs) {
      for (const { number } of locks) {
        const file = join(folder, `slot-${number}.json`);
        if (runs.includes((await readLive(file))?.run ?? "")) await rm(file, { force: true });
      }
    },
    close() {
      for (const { lock } of locks) lock.release();
    },
  };
}

function slotAt(folder: string, number: number, host: string): Slot {
  const file = join(folder, `slot-${number}.json`);
  return {
    name: `${host}/${number}`,
    number,
    async begin(live) {
      // Written beside and renamed: a power cut leaves the old one or the new one, never half of it.
      await writeFile(`${file}.new`, JSON.stringify(live), { mode: 0o600 });
      await rename(`${file}.new`, file);
    },
    async end() {
      await rm(file, { force: true });
    },
  };
}

/** No run was live there, or its note was cut off by a crash: BullMQ's stall check finds the job. */
async function readLive(file: string): Promise<LiveRun | null> {
  const text = await readFile(file, "utf8").catch(() => null);
  return text === null ? null : parseLive(text);
}

/** Null: it is no such note. */
export function parseLive(text: string): LiveRun | null {
  try {
    return liveRunSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null; // Cut off.
  }
}
