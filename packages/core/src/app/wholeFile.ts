import { randomUUID } from "node:crypto";
import { open, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";

export interface WholeFileOptions {
  /** Default 0600. */
  readonly mode?: number;
}

/**
 * Writes a small file that must survive a power cut: beside it, flushed, renamed, and the folder flushed. Whoever reads it
 * finds the old text or the new one, never half of it. Of several writers at once, one wins; links in its place are replaced, not
 * followed.
 */
export async function writeWholeFile(
  path: string,
  text: string | Uint8Array,
  { mode = 0o600 }: WholeFileOptions = {},
): Promise<void> {
  const half = `${path}.${randomUUID().slice(0, 8)}.new`;
  try {
    await flushed(await open(half, "wx", mode), (file) => file.writeFile(text));
    await rename(half, path);
  } catch (error) {
    await rm(half, { force: true });
    throw error;
  }
  await flushed(await open(dirname(path), "r"));
}

async function flushed(file: FileHandle, write: (file: FileHandle) => Promise<void> = async () => undefined) {
  try {
    await write(file);
    await file.sync();
  } finally {
    await file.close();
  }
}
