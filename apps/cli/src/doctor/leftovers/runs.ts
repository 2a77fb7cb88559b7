import { tryLock } from "@tac8/core/process/flock";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** What a slot's runner wrote down of its live run. */
export interface RunNote {
  readonly slot: number;
  /** Null: the note was cut off. */
  readonly jobId: string | null;
  readonly run: string;
  /** Whether a runner has the slot. */
  readonly held: boolean;
}

const MAX_SLOTS = 1024;

/**
 * The live runs that are noted in a data folder. Whether a slot is held is asked by taking its lock for a moment, which a runner
 * that starts then waits for: /proc/locks would not show a runner's in another container that shares the folder.
 */
export async function findRunNotes(home: string): Promise<RunNote[]> {
  const folder = join(home, "runs");
  const names = await readdir(folder).catch(() => []);
  const notes: RunNote[] = [];
  for (const name of names.slice(0, 4 * MAX_SLOTS)) {
    const slot = /^slot-(\d+)\.json$/.exec(name)?.[1];
    if (slot === undefined) continue;
    const held = await isHeld(join(folder, `slot-${slot}.lock`));
    const text = await readFile(join(folder, name), "utf8").catch(() => null);
    if (text !== null) notes.push({ slot: Number(slot), ...noteIn(text), held }); // Else its run has just ended.
  }
  return notes;
}

async function isHeld(path: string): Promise<boolean> {
  try {
    const lock = await tryLock(path, { readOnly: true });
    lock?.release();
    return lock === null;
  } catch {
    return false; // It cannot be locked, so no runner has it either.
  }
}

function noteIn(text: string): { jobId: string | null; run: string } {
  try {
    const { jobId, run } = JSON.parse(text) as Record<string, unknown>;
    return { jobId: typeof jobId === "string" ? jobId : null, run: typeof run === "string" ? run : "" };
  } catch {
    return { jobId: null, run: "" }; // Cut off.
  }
}
