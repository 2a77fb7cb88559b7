import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";

const FILE = "moved-from";
const MAX_PATHS = 50;

/** Return the absolute paths that a data folder had before it was moved. They are needed because sessions are named after their folder. */
export function readFormerPaths(dataFolder: string): string[] {
  try {
    return readFileSync(join(dataFolder, FILE), "utf8").split("\n").filter(isAbsolute).slice(-MAX_PATHS);
  } catch {
    return []; // It was never moved.
  }
}

/** Add former paths of a data folder. Idempotent. */
export function addFormerPaths(dataFolder: string, paths: readonly string[]): void {
  const all = [...new Set([...readFormerPaths(dataFolder), ...paths])].filter((path) => path !== dataFolder);
  const file = join(dataFolder, FILE);
  writeFileSync(`${file}.new`, `${all.join("\n")}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
