import { accessSync, constants, statSync } from "node:fs";
import { delimiter, resolve } from "node:path";

/** Full path of a program as a shell would find it, or null. A name with a slash, and a relative folder of `path`, is a path from `cwd`. */
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
    return null; // Not there, or not ours to run: the same to whoever wants to run it.
  }
}
