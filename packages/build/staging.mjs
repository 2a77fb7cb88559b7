// Staging folders: content is prepared there, and moved to its place when it is complete. Runs on Node 18.
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Create `<root>/.<name>-<pid>-…`, and remove the folders that killed processes have left. The caller removes its own folder. */
export function stagingFolder(root, name) {
  const owned = new RegExp(`^\\.${name}-(\\d+)-`);
  for (const entry of readdirSync(root)) {
    const pid = owned.exec(entry)?.[1];
    const dead = pid !== undefined && !existsSync(join("/proc", pid)) && existsSync("/proc/self");
    if (dead) removeIfPossible(join(root, entry));
  }
  return mkdtempSync(join(root, `.${name}-${process.pid}-`));
}

function removeIfPossible(folder) {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    // A child of the killed process still writes there. A later call removes the folder.
  }
}

/**
 * Replace a file or folder by another. If that fails, the previous one is restored.
 * @param {{fresh: string, place: string, previous: string}} paths on one file system; `previous`: where the previous one is moved
 */
export function replace({ fresh, place, previous }) {
  const had = existsSync(place);
  if (had) renameSync(place, previous);
  try {
    renameSync(fresh, place);
  } catch (error) {
    if (had) renameSync(previous, place);
    throw error;
  }
}
