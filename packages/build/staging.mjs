// Folders in which something is made ready, to be put in its place when it is complete. Runs on Node 18.
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Makes `<root>/.<name>-<pid>-…`, and removes those that killed processes have left. The caller removes its own. */
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
    // A child of the killed process still writes there. The next one removes it.
  }
}

/**
 * Puts a file or folder in the place of another. Where that fails, the other is back in its place.
 * @param {{fresh: string, place: string, aside: string}} paths on one file system; `previous`: where the other one goes
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
