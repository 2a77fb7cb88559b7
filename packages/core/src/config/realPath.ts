import { realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Return the real path of a folder. If the folder does not exist yet, the real path of the nearest existing parent is used. */
export function realPathOf(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    const above = dirname(folder);
    return above === folder ? folder : join(realPathOf(above), basename(folder));
  }
}
