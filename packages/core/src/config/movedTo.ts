import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { isAbsolute } from "node:path";

/** The file beside a default data folder that names the folder to which `tac8 move-data` has moved its data. */
export function pointerOf(own: string): string {
  return `${own}.moved-to`;
}

/**
 * Return the folder that the data of a default data folder was moved to; null: it was not moved.
 * @throws Error of one line when that folder is missing, such as on a disk that is not mounted
 */
export function readMovedTo(own: string): string | null {
  const target = readPointer(own);
  if (target === null || existsSync(target)) return target;
  // It is being moved, or was moved back.
  if (existsSync(own)) return null;
  throw new Error(
    `the data was moved to ${target}, which is missing: mount its disk, or remove ${pointerOf(own)} to start without that data`,
  );
}

/** Null: there is none, or it holds no absolute path. */
export function readPointer(own: string): string | null {
  try {
    const target = readFileSync(pointerOf(own), "utf8").trim();
    return isAbsolute(target) ? target : null;
  } catch {
    return null; // It was never moved.
  }
}

/** Write the pointer, or remove it where `target` is null or the default folder itself. May be repeated. */
export function writePointer(own: string, target: string | null): void {
  const path = pointerOf(own);
  if (target === null || target === own) return rmSync(path, { force: true });
  writeFileSync(`${path}.new`, `${target}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
