import { mkdirSync } from "node:fs";

/** Makes the data folder, and what is missing above it, for this user alone. @returns whether it was missing */
export function makeDataFolder(path: string): boolean {
  return mkdirSync(path, { recursive: true, mode: 0o700 }) !== undefined;
}
