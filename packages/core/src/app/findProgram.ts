import { accessSync, constants, statSync } from "node:fs";
import { delimiter, resolve } from "node:path";

/**
 * Return the full path of a program, found as a shell does; null: it was not found. A name with a slash, and a relative folder in
 * `path`, is relative to `cwd`.
 */
export function findProgram(name: string, given: { readonly path: string; readonly cwd: string }): string | null {
  if (name.includes("/")) return executable(resolve(given.cwd, name));
  for (const folder of given.path.split(delimiter)) {
    const found = folder === "" ? null : executable(resolve(given.cwd, folder, name));
    if (found !== null) return found;
  }
  return null;
}

function executable(file: string): string | null {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile() ? file : null;
  } catch {
    return null; // Missing, or not executable for this user.
  }
}
