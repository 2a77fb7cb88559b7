import { join } from "node:path";
import type { Files } from "./files.ts";

/** A folder with more entries is counted only so far. */
const MAX_ENTRIES = 200_000;

/** Bytes on the disk of files and folders, links not followed. What is gone meanwhile counts nothing. */
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
