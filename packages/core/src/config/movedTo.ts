import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { isAbsolute } from "node:path";

/** Return the path of the pointer: a file beside a default data folder, with the folder to which `tac8 move-data` has moved the data. */
export function pointerOf(own: string): string {
  return `${own}.moved-to`;
}

/**
 * Return the folder to which the data of a default data folder was moved; null: it was not moved.
 * @throws Error of one line when that folder is missing, such as on a disk that is not mounted
 */
export function readMovedTo(own: string): string | null {
  const target = readPointer(own);
  if (target === null || existsSync(target)) return target;
  // The data is being moved, or was moved back.
  if (existsSync(own)) return null;
  throw new Error(
    `the data was moved to ${target}, which is missing: mount its disk, or remove ${pointerOf(own)} to start without that data`,
  );
}

/** Return the path in the pointer; null: there is no pointer, or it contains no absolute path. */
export function readPointer(own: string): string | null {
  try {
    const target = readFileSync(pointerOf(own), "utf8").trim();
    return isAbsolute(target) ? target : null;
  } catch {
    return null; // It was never moved.
  }
}

/** Write the pointer, or remove it if `target` is null or the default folder itself. Idempotent. */
export function writePointer(own: string, target: string | null): void {
  const path = pointerOf(own);
  if (target === null || target === own) return rmSync(path, { force: true });
  writeFileSync(`${path}.new`, `${target}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
