import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { MOVING_FILE, RESTORING_FOLDER } from "../config/dataFolder.ts";

/**
 * Makes the data folder, and what is missing above it, for this user alone. @returns whether it was missing
 * @throws Error when it cannot be made, or is being moved or restored
 */
export function makeDataFolder(path: string): boolean {
  const made = mkdirSync(path, { recursive: true, mode: 0o700 }) !== undefined;
  if (!made && existsSync(join(path, MOVING_FILE))) {
    throw new Error("it is being moved, or its move was interrupted: run tac8 move-data again to finish that");
  }
  if (!made && existsSync(join(path, RESTORING_FOLDER))) {
    throw new Error("a backup is being restored there, or that was interrupted: run tac8 restore again to finish it");
  }
  return made;
}
