// Folders in which something is made ready, to be put in its place when it is complete. Runs on Node 18.
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Makes `<root>/.<name>-<pid>-…`, and removes those that killed processes have left. The caller removes its own. */
export function stagingFolder(root, name) {
  const owned = new RegExp(`^\\.${name}-(\\d+)-`);
  for (const entry of readdirSync(root)) {
    const pid = owned.exec(entry)?.[1];
    const dead = pid !== undefined && !existsSync(join("/proc", pid)) && existsSync("/proc/self");
    if (dead) rmSync(join(root, entry), { recursive: true, force: true });
  }
  return mkdtempSync(join(root, `.${name}-${process.pid}-`));
}
