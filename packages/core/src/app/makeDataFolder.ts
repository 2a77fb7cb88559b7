import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { MOVING_FILE } from "../config/dataFolder.ts";

/**
 * Makes the data folder, and what is missing above it, for this user alone. @returns whether it was missing
 * @throws Error when it cannot be made, or is being moved
 */
export function makeDataFolder(path: string): boolean {
  const made = mkdirSync(path, { recursive: true, mode: 0o700 }) !== undefined;
  if (!made && existsSync(join(path, MOVING_FILE))) {
    throw new Error("it is being moved, or its move was interrupted: run tac8 move-data again to finish that");
  }
  return made;
}
