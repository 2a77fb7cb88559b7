import { join } from "node:path";
import type { Files } from "./files.ts";

/** Entries that are counted in one folder; the others are ignored. */
const MAX_ENTRIES = 200_000;

/**
 * Return the bytes on disk of files and folders, without following links. Files that disappear meanwhile count zero.
 */
export async function sizeOf(files: Files, paths: readonly string[]): Promise<number> {
  let bytes = 0;
  const waiting = [...paths];
  for (let seen = 0; seen < MAX_ENTRIES; seen += 1) {
    const path = waiting.pop();
    if (path === undefined) break;
    const found = await files.stat(path).catch(() => null);
    if (found === null) continue;
    bytes += found.used;
    if (found.kind !== "folder") continue;
    waiting.push(...(await files.list(path).catch(() => [])).map(({ name }) => join(path, name)));
  }
  return bytes;
}
