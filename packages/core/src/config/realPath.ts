import { realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Return the real path of a folder; of one that does not exist yet, by the real path of the nearest folder above it. */
export function realPathOf(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    const above = dirname(folder);
    return above === folder ? folder : join(realPathOf(above), basename(folder));
  }
}
