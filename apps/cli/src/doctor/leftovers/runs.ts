import { tryLock } from "@tac8/core/process/flock";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** The note of a runner about the current run of a slot. */
export interface RunNote {
  readonly slot: number;
  /** Null: the note is incomplete. */
  readonly jobId: string | null;
  readonly run: string;
  /** Whether a runner has locked the slot. */
  readonly held: boolean;
}

const MAX_SLOTS = 1024;

/**
 * Return the notes about runs in a data folder. To check whether a slot is locked, its lock is acquired for a moment; a runner that
 * starts meanwhile waits. /proc/locks would not show the lock of a runner in another container with the same folder.
 */
export async function findRunNotes(dataFolder: string): Promise<RunNote[]> {
  const folder = join(dataFolder, "runs");
  const names = await readdir(folder).catch(() => []);
  const notes: RunNote[] = [];
  for (const name of names.slice(0, 4 * MAX_SLOTS)) {
    const slot = /^slot-(\d+)\.json$/.exec(name)?.[1];
    if (slot === undefined) continue;
    const held = await isHeld(join(folder, `slot-${slot}.lock`));
    const text = await readFile(join(folder, name), "utf8").catch(() => null);
    if (text !== null) notes.push({ slot: Number(slot), ...noteIn(text), held }); // Otherwise the run has just ended.
  }
  return notes;
}

async function isHeld(path: string): Promise<boolean> {
  try {
    const lock = await tryLock(path, { readOnly: true });
    lock?.release();
    return lock === null;
  } catch {
    return false; // The file cannot be locked, so no runner has locked it.
  }
}

function noteIn(text: string): { jobId: string | null; run: string } {
  try {
    const { jobId, run } = JSON.parse(text) as Record<string, unknown>;
    return { jobId: typeof jobId === "string" ? jobId : null, run: typeof run === "string" ? run : "" };
  } catch {
    return { jobId: null, run: "" }; // Incomplete.
  }
}
