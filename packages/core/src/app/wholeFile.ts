import { randomUUID } from "node:crypto";
import { open, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";

export interface WholeFileOptions {
  /** Default 0600. */
  readonly mode?: number;
}

/**
 * Write a small file that must survive a power loss: write a temporary file beside it, flush it, rename it, and flush the folder. A
 * reader gets either the old text or the new one. If several processes write at once, the last one wins. A symbolic link in its place
 * is replaced, not followed.
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
