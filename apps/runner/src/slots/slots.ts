import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeWholeFile } from "@tac8/core/app/wholeFile";
import { z } from "zod";
import { lock as waitForLock, LockTimeout, tryLock, type Lock } from "@tac8/core/process/flock";

/** The live run of a slot, stored on disk for the next runner that takes the slot after a crash. */
const liveRunSchema = z.object({ jobId: z.string(), run: z.string(), token: z.string() });
export type LiveRun = z.infer<typeof liveRunSchema>;

export interface Slot {
  /** `<host>/<number>`, for display. */
  readonly name: string;
  /** Number of the slot, which is unique among the taken slots of a data folder. */
  readonly number: number;
  /** Write the slot's note of its live run. */
  beginRun(live: LiveRun): Promise<void>;
  /** Remove the note. The slot stays taken. */
  endRun(): Promise<void>;
}

export interface RunnerSlots {
  /** Take a free slot. There is one for each job that the worker may process. */
  take(): Slot & { release(): void };
  /** Number of the first slot. Together with the data folder's id, it is the runner's id. */
  readonly first: number;
  /** Runs of an earlier runner, from the notes in these slots. */
  readonly abandoned: readonly LiveRun[];
  /**
   * Remove the notes of these abandoned runs, whose processes are dead and whose jobs were requeued, and every note of these slots that a
   * killed runner had half written.
   */
  forget(runs: readonly string[]): Promise<void>;
  close(): void;
}

/** More slots on one data folder are a mistake. */
const MAX_SLOTS = 1024;
/** How long a check by another process may lock a slot. A second runner on the data folder waits this long at its start for each run of the first one. */
const CHECK_MS = 200;

export interface SlotsOptions {
  readonly dataFolder: string;
  readonly count: number;
  /** Return the current display name of the machine. Called when a slot is taken. */
  readonly host: () => string;
  /** How long to wait for a slot with a noted run. Default 200 ms. */
  readonly checkMs?: number;
}

/**
 * Take `count` slots of the data folder, `runs/slot-N`, with flock. Pids and host names are not used, because containers that
 * share the folder do not share them.
 */
export async function takeSlots(options: SlotsOptions): Promise<RunnerSlots> {
  const { checkMs = CHECK_MS } = options;
  const folder = join(options.dataFolder, "runs");
  await mkdir(folder, { recursive: true });
  const locks: { number: number; lock: Lock }[] = [];
  for (let number = 0; locks.length < options.count; number += 1) {
    if (number >= MAX_SLOTS)
      throw new Error(`no free slot in ${folder}: too many runners share this data folder, so stop some of them`);
    const lock = await takeLock(folder, number, checkMs);
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
      if (number === undefined) throw new Error("more jobs than slots: this is a bug in tac8");
      return { ...slotAt(folder, number, options.host()), release: () => void free.unshift(number) };
    },
    async forget(runs) {
      for (const { number } of locks) {
        const file = join(folder, `slot-${number}.json`);
        if (runs.includes((await readLive(file))?.run ?? "")) await rm(file, { force: true });
      }
      const own = new Set(locks.map(({ number }) => `slot-${number}.json`));
      const isHalf = (name: string): boolean => name.endsWith(".new") && own.has(name.split(".", 2).join("."));
      for (const name of (await readdir(folder)).filter(isHalf))
        await rm(join(folder, name), { recursive: true, force: true });
    },
    close() {
      for (const { lock } of locks) lock.release();
    },
  };
}

/**
 * Lock a slot; null: another runner has it. `tac8 doctor` locks a slot with a noted run for a moment, to check whether the run is alive.
 * So wait for such a slot: with the next one instead, this runner would have another id and would not clean up after that run.
 */
async function takeLock(folder: string, number: number, checkMs: number): Promise<Lock | null> {
  const path = join(folder, `slot-${number}.lock`);
  const taken = await tryLock(path);
  if (taken !== null || !existsSync(join(folder, `slot-${number}.json`))) return taken;
  try {
    return await waitForLock(path, { timeoutMs: checkMs });
  } catch (error) {
    if (error instanceof LockTimeout) return null;
    throw error;
  }
}

function slotAt(folder: string, number: number, host: string): Slot {
  const file = join(folder, `slot-${number}.json`);
  return {
    name: `${host}/${number}`,
    number,
    async beginRun(live) {
      await writeWholeFile(file, JSON.stringify(live));
    },
    async endRun() {
      await rm(file, { force: true });
    },
  };
}

/** Read the live run of a slot. Null if there is none, or if a crash cut off its note: then BullMQ's stall check finds the job. */
async function readLive(file: string): Promise<LiveRun | null> {
  const text = await readFile(file, "utf8").catch(() => null);
  return text === null ? null : parseLive(text);
}

/** Parse a note. @returns null if the text is no note */
export function parseLive(text: string): LiveRun | null {
  try {
    return liveRunSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null; // The note is incomplete.
  }
}
