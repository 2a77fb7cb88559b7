import { realpathSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { isOnPath } from "../onDisk.ts";

/** Folder that every sandbox shows as a whole. */
const SHOWN = "/usr/";

/**
 * Return whether a program is in one of the folders of a PATH inside a sandbox; null: only a process inside can determine it. A sandbox adds no
 * program to those of the machine, and shows the whole of `/usr`. Reads this machine's files.
 */
export function isVisibleOnPath(path: string, name: string): boolean | null {
  if (!isOnPath(path, name)) return false;
  const isShown = path.split(delimiter).some((folder) => isForAll(folder, join(folder, name)));
  return isShown ? true : null;
}

/** Return whether a program is in `/usr` without a link on its path, and may be started without the rights of its owner. */
function isForAll(folder: string, file: string): boolean {
  if (!file.startsWith(SHOWN)) return false;
  try {
    return realpathSync(file) === file && [folder, file].every((one) => (statSync(one).mode & 0o001) !== 0);
  } catch {
    return false; // It is in another folder of the PATH.
  }
}
