import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** `workspaces/<owner>/<repo>/<trees or git>/…` and `repos/<owner>/…`. */
const DEPTHS = [
  ["workspaces", 3],
  ["repos", 1],
] as const;
const MAX_FOLDERS = 2000;

/** Return the files that runs have quarantined in a data folder, as relative paths. Links are not followed. */
export async function findQuarantined(dataFolder: string): Promise<string[]> {
  const found: string[] = [];
  for (const [part, depth] of DEPTHS) {
    let folders = [part as string];
    for (let level = 0; level < depth; level += 1)
      folders = (await Promise.all(folders.map((at) => foldersIn(dataFolder, at)))).flat();
    for (const folder of folders.slice(0, MAX_FOLDERS)) {
      for (const { name } of await list(join(dataFolder, folder))) {
        if (/\.kept-[^/]+$/.test(name)) found.push(join(folder, name));
      }
    }
  }
  return found.toSorted();
}

async function foldersIn(dataFolder: string, at: string): Promise<string[]> {
  return (await list(join(dataFolder, at))).filter((entry) => entry.isDirectory()).map(({ name }) => join(at, name));
}

/** List a folder; empty if it is missing. */
async function list(folder: string) {
  return readdir(folder, { withFileTypes: true }).catch(() => []);
}
