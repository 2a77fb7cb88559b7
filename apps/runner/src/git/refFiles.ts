import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

/** A ref of a repository, as its files store it. */
export interface Ref {
  readonly sha: string;
  /** The object of an annotated tag; null if it is not a tag, undefined if the file does not have it. */
  readonly peeled?: string | null;
}

/** Refs by full name. */
export type Refs = ReadonlyMap<string, Ref>;

const SHA = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

/**
 * Read the refs below some folders (`refs/tags`) from the files of a repository. Does not start git, which needs half a
 * second for 20,000 tags. Symbolic refs are left out; missing folders are not an error.
 */
export async function readRefs(dir: string, folders: readonly string[]): Promise<Map<string, Ref>> {
  const packed = parsePackedRefs(await readFile(join(dir, "packed-refs"), "utf8").catch(() => ""));
  const found = new Map([...packed].filter(([name]) => folders.some((folder) => name.startsWith(`${folder}/`))));
  for (const folder of folders) {
    for (const name of await looseNames(dir, folder)) {
      const sha = (await readFile(join(dir, name), "utf8").catch(() => "")).trimEnd();
      // A branch names a commit, so it has no peeled object.
      if (SHA.test(sha)) found.set(name, name.startsWith("refs/heads/") ? { sha, peeled: null } : { sha });
    }
  }
  return found;
}

/**
 * Return the object of a ref, from the files of a repository; null if the ref is missing or symbolic. Does not check
 * the object. @param name full name @throws Error of the system if a file exists but cannot be read
 */
export async function readRef(dir: string, name: string): Promise<string | null> {
  if (!isRefName(name)) return null;
  const own = await readFile(join(dir, name), "latin1").catch(nullAt("ENOENT", "ENOTDIR", "EISDIR"));
  // An incomplete ref, for example after a power failure, takes precedence too: packed refs have its former value.
  if (own !== null) return SHA.test(own.trimEnd()) ? own.trimEnd() : null;
  // After the ref's own file, because git writes packed refs before it removes that file.
  const packed = await readFile(join(dir, "packed-refs")).catch(nullAt("ENOENT"));
  return packed === null ? null : inPackedRefs(packed, name);
}

/**
 * Return null for the codes of a missing ref. Other errors, such as of a failing disk, are thrown: work would start
 * without its branch.
 */
function nullAt(...missing: readonly string[]): (error: NodeJS.ErrnoException) => null {
  return (error) => {
    if (missing.includes(error.code ?? "")) return null;
    throw error;
  };
}

/** Find a ref in a file `packed-refs`, which may have 100,000 lines, so they are not parsed. Pure. */
export function inPackedRefs(packed: Buffer, name: string): string | null {
  const end = packed.indexOf(` ${name}\n`);
  if (end < 0) return null;
  const sha = packed.toString("latin1", packed.lastIndexOf("\n", end) + 1, end);
  return SHA.test(sha) ? sha : null;
}

/** Return whether a name stays inside the repository's refs. */
function isRefName(name: string): boolean {
  return name.startsWith("refs/") && !/[\0-\x20\x7f]|\/\/|\.\.|\/$/.test(name);
}

/** Return the size in bytes of the file with most refs of a repository; 0 if it is missing. */
export async function packedRefsSize(dir: string): Promise<number> {
  return (await stat(join(dir, "packed-refs")).catch(() => null))?.size ?? 0;
}

/** Return the names of refs that have a file of their own. */
export async function looseNames(dir: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(dir, folder), { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".lock"))
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1));
}

/** Parse a file `packed-refs`. Pure. */
export function parsePackedRefs(text: string): Map<string, Ref> {
  const refs = new Map<string, Ref>();
  const fully = /^# pack-refs with:.* fully-peeled /.test(text);
  let last = "";
  for (const line of text.split("\n")) {
    if (line.startsWith("^")) {
      const peeled = line.slice(1);
      const sha = refs.get(last)?.sha;
      if (sha !== undefined && SHA.test(peeled)) refs.set(last, { sha, peeled });
      continue;
    }
    const space = line.indexOf(" ");
    const [sha, name] = [line.slice(0, space), line.slice(space + 1)];
    if (!SHA.test(sha) || !name.startsWith("refs/")) continue;
    refs.set(name, fully ? { sha, peeled: null } : { sha });
    last = name;
  }
  return refs;
}

/** Format refs like git's `packed-refs`. The header says so if the object of each tag is known. Pure. */
export function formatPackedRefs(refs: Refs): string {
  const known = [...refs.values()].every(({ peeled }) => peeled !== undefined);
  const lines = inOrder([...refs.keys()]).map((name) => {
    const { sha = "", peeled } = refs.get(name) ?? {};
    return known && typeof peeled === "string" ? `${sha} ${name}\n^${peeled}\n` : `${sha} ${name}\n`;
  });
  return `# pack-refs with:${known ? " peeled fully-peeled" : ""} sorted \n${lines.join("")}`;
}

/** Sort by bytes, because git searches names by bytes. The order by UTF-16 differs only for surrogate pairs. */
function inOrder(names: string[]): string[] {
  if (!names.some((name) => /[\ud800-\udfff]/.test(name))) return names.sort();
  return names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}
