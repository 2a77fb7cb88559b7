import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MOVING_FILE, RESTORING_FOLDER } from "../config/dataFolder.ts";
import { DATA_FORMAT, newerData } from "../domain/format.ts";

/** File with the format of the data in the folder, see domain/format.ts. */
const FORMAT_FILE = "format";

/**
 * Create the data folder, and its missing parent folders, readable only by this user. @returns whether it was missing
 * @throws Error when it cannot be created, is being moved or restored, or has data of a newer tac8
 */
export function makeDataFolder(path: string): boolean {
  const made = mkdirSync(path, { recursive: true, mode: 0o700 }) !== undefined;
  if (!made && existsSync(join(path, MOVING_FILE))) {
    throw new Error("it is being moved, or the move was interrupted: run tac8 move-data again to finish it");
  }
  if (!made && existsSync(join(path, RESTORING_FOLDER))) {
    throw new Error(
      "a backup is being restored there, or the restore was interrupted: run tac8 restore again to finish it",
    );
  }
  const newer = newerData(readFormat(path));
  if (newer !== null) throw new Error(`it ${newer}`);
  return made;
}

/** Write the data format of this version of tac8 to the data folder. */
export function markDataFolder(path: string): void {
  if (Number(readFormat(path) ?? 0) >= DATA_FORMAT) return;
  const file = join(path, FORMAT_FILE);
  try {
    writeFileSync(`${file}.new`, `${DATA_FORMAT}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  } catch {
    // A full or read-only disk causes an error at the next important write. Another process may have written the file first.
  }
}

/** Return the format; null: the folder is new, or from a version that did not write this file. */
function readFormat(path: string): string | null {
  try {
    return readFileSync(join(path, FORMAT_FILE), "utf8");
  } catch {
    return null;
  }
}
