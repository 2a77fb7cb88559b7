import { MOVING_FILE } from "@tac8/core/config/dataFolder";
import {
  closeSync,
  fsyncSync,
  openSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  rmdirSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { FolderState } from "./plan.ts";

/** The file `moving.json` of a data folder. While it exists, tac8 does not start on the folder. */
export interface MoveMark {
  /** Absolute paths of the old folder: as given, and with links resolved. */
  readonly from: readonly string[];
  readonly to: string;
  /** In the new folder: whether the copy is complete and was compared. */
  readonly copied: boolean;
}

/** Read the mark. @returns null if it is missing or unreadable */
export function readMark(folder: string): MoveMark | null {
  try {
    const { from, to, copied } = JSON.parse(readFileSync(join(folder, MOVING_FILE), "utf8")) as Partial<MoveMark>;
    if (!Array.isArray(from) || !from.every((path) => typeof path === "string") || typeof to !== "string") return null;
    return { from, to, copied: copied === true };
  } catch {
    return null;
  }
}

/** Write the mark, and sync it to the disk, so that a power failure leaves the old mark or the new one. */
export function writeMark(folder: string, mark: MoveMark): void {
  const path = join(folder, MOVING_FILE);
  const fd = openSync(`${path}.new`, "w", 0o600);
  try {
    writeSync(fd, `${JSON.stringify(mark)}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(`${path}.new`, path);
  syncFolder(folder);
}

export function removeMark(folder: string): void {
  rmSync(join(folder, MOVING_FILE), { force: true });
}

/** Sync a folder, so that a rename in it is on the disk. */
export function syncFolder(folder: string): void {
  const fd = openSync(folder, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Return the state of a folder. @throws Error if the folder exists and cannot be read */
export function stateOf(folder: string): FolderState {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "none";
    throw error;
  }
  const mark = readMark(folder);
  if (mark !== null) return mark.copied ? "copied" : "moving";
  return names.every((name) => EMPTY_NAMES.has(name)) ? "none" : "data";
}

/** Files that a failed start leaves. */
const EMPTY_NAMES: ReadonlySet<string> = new Set(["up.lock", `${MOVING_FILE}.new`]);

/** Remove a folder whose state is `none`. */
export function removeEmpty(folder: string): void {
  for (const name of EMPTY_NAMES) rmSync(join(folder, name), { force: true });
  if (existsSync(folder)) rmdirSync(folder);
}
