import { makeDataFolder } from "@tac8/core/app/makeDataFolder";
import { rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * A function that puts a text into a file of the data folder, whole or not at all, where it differs from the last. The folder
 * is made once: one that is removed later, with its disk, may come back, and must not be hidden by a new one.
 */
export function createTextFile(path: string): (text: string) => Promise<void> {
  let made = false;
  let written: string | null = null;
  return async (text) => {
    if (text === written) return;
    if (!made) makeDataFolder(dirname(path));
    made = true;
    const next = `${path}.${process.pid}.tmp`;
    try {
      await writeFile(next, text);
      await rename(next, path);
      written = text;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      written = null; // The runners say that their folder is missing.
    }
  };
}
