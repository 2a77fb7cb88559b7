import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

/** A folder with more entries is counted only so far. */
const MAX_ENTRIES = 200_000;

/** Bytes on the disk of files and folders, links not followed. What is gone meanwhile counts nothing. */
export async function sizeOf(paths: readonly string[]): Promise<number> {
  let bytes = 0;
  const waiting = [...paths];
  for (let seen = 0; seen < MAX_ENTRIES; seen += 1) {
    const path = waiting.pop();
    if (path === undefined) break;
    const found = await lstat(path).catch(() => null);
    if (found === null) continue;
    bytes += found.blocks * 512;
    if (found.isDirectory()) waiting.push(...(await readdir(path).catch(() => [])).map((name) => join(path, name)));
  }
  return bytes;
}
