import { makeDataFolder } from "@tac8/core/app/makeDataFolder";
import { rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Return a function that writes a text to a file of the data folder, atomically, if the text has changed. The folder is created
 * only once: if its disk is unmounted later and mounted again, a new folder would hide it.
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
      written = null; // The runners report that the folder is missing.
    }
  };
}
