import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";

const FILE = "moved-from";
const MAX_PLACES = 50;

/** Return the absolute paths that a data folder had before it was moved. They are needed because sessions are named after their folder. */
export function readFormerPlaces(home: string): string[] {
  try {
    return readFileSync(join(home, FILE), "utf8").split("\n").filter(isAbsolute).slice(-MAX_PLACES);
  } catch {
    return []; // It was never moved.
  }
}

/** Add former paths of a data folder. Idempotent. */
export function addFormerPlaces(home: string, places: readonly string[]): void {
  const all = [...new Set([...readFormerPlaces(home), ...places])].filter((place) => place !== home);
  const path = join(home, FILE);
  writeFileSync(`${path}.new`, `${all.join("\n")}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
