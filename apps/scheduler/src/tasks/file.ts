import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** A function that puts a text into the file, whole or not at all, where it differs from what it put there last. */
export function createTextFile(path: string): (text: string) => Promise<void> {
  let written: string | null = null;
  return async (text) => {
    if (text === written) return;
    await mkdir(dirname(path), { recursive: true });
    const next = `${path}.${process.pid}.tmp`;
    await writeFile(next, text);
    await rename(next, path);
    written = text;
  };
}
