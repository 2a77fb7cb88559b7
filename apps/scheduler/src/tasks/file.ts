import { makeDataFolder } from "@tac8/core/app/makeDataFolder";
import { rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** A function that puts a text into a file of the data folder, whole or not at all, where it differs from the last. */
export function createTextFile(path: string): (text: string) => Promise<void> {
  let written: string | null = null;
  return async (text) => {
    if (text === written) return;
    makeDataFolder(dirname(path));
    const next = `${path}.${process.pid}.tmp`;
    await writeFile(next, text);
    await rename(next, path);
    written = text;
  };
}
