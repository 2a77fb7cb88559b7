import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Read the branches of a bare repository, with their commits, without git. Empty if there is no repository. */
export async function readBranches(dir: string): Promise<ReadonlyMap<string, string>> {
  const packed = await readFile(join(dir, "packed-refs"), "utf8").catch(() => "");
  const found = new Map<string, string>();
  for (const [, commit = "", name = ""] of packed.matchAll(/^([0-9a-f]{40,}) refs\/heads\/(.+)$/gm))
    found.set(name, commit);
  const loose = join(dir, "refs", "heads");
  for (const entry of await readdir(loose, { recursive: true, withFileTypes: true }).catch(() => [])) {
    if (!entry.isFile() || entry.name.endsWith(".lock")) continue;
    const path = join(entry.parentPath, entry.name);
    found.set(path.slice(loose.length + 1), (await readFile(path, "utf8")).trim());
  }
  return found;
}

export function sameBranches(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([name, commit]) => b.get(name) === commit);
}
