import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";

const FILE = "moved-from";
const MAX_PLACES = 50;

/** Absolute paths that a data folder had before it was moved: agents name their sessions after the folder they worked in. */
export function readFormerPlaces(home: string): string[] {
  try {
    return readFileSync(join(home, FILE), "utf8").split("\n").filter(isAbsolute).slice(-MAX_PLACES);
  } catch {
    return []; // It was never moved.
  }
}

/** May be repeated. */
export function addFormerPlaces(home: string, places: readonly string[]): void {
  const all = [...new Set([...readFormerPlaces(home), ...places])].filter((place) => place !== home);
  const path = join(home, FILE);
  writeFileSync(`${path}.new`, `${all.join("\n")}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
