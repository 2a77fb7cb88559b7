import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

/** A ref of a repository, as its files have it. */
export interface Ref {
  readonly sha: string;
  /** The object that an annotated tag stands for; null: there is none, undefined: the file does not say. */
  readonly peeled?: string | null;
}

/** Names in full, with what they point at. */
export type Refs = ReadonlyMap<string, Ref>;

const SHA = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

/**
 * Read the refs below some folders (`refs/tags`) from the files of a repository. Starts no git, which takes half a second
 * for 20,000 tags. Symbolic refs are left out; nothing there is no error.
 */
export async function readRefs(dir: string, folders: readonly string[]): Promise<Map<string, Ref>> {
  const packed = parsePackedRefs(await readFile(join(dir, "packed-refs"), "utf8").catch(() => ""));
  const found = new Map([...packed].filter(([name]) => folders.some((folder) => name.startsWith(`${folder}/`))));
  for (const folder of folders) {
    for (const name of await looseNames(dir, folder)) {
      const sha = (await readFile(join(dir, name), "utf8").catch(() => "")).trimEnd();
      // A branch is a commit, and stands for no other object.
      if (SHA.test(sha)) found.set(name, name.startsWith("refs/heads/") ? { sha, peeled: null } : { sha });
    }
  }
  return found;
}

/**
 * Return the object that a ref names, from the files of a repository; null: there is no such ref, or it names another one. Says
 * nothing about the object. @param name in full @throws Error of the system where a file is there and cannot be read
 */
export async function readRef(dir: string, name: string): Promise<string | null> {
  if (!isRefName(name)) return null;
  const own = await readFile(join(dir, name), "latin1").catch(nullAt("ENOENT", "ENOTDIR", "EISDIR"));
  // Half a ref, as after a power cut, counts before packed refs too: these have what it was before.
  if (own !== null) return SHA.test(own.trimEnd()) ? own.trimEnd() : null;
  // Only then: git writes this file before it removes the ref's own.
  const packed = await readFile(join(dir, "packed-refs")).catch(nullAt("ENOENT"));
  return packed === null ? null : inPackedRefs(packed, name);
}

/** Null for the codes that say that the ref is not there. A disk that fails, say, is no answer: work would begin beside its branch. */
function nullAt(...missing: readonly string[]): (error: NodeJS.ErrnoException) => null {
  return (error) => {
    if (missing.includes(error.code ?? "")) return null;
    throw error;
  };
}

/** Of a file `packed-refs`, which may have 100,000 lines: they are not parsed. Pure. */
export function inPackedRefs(packed: Buffer, name: string): string | null {
  const end = packed.indexOf(` ${name}\n`);
  if (end < 0) return null;
  const sha = packed.toString("latin1", packed.lastIndexOf("\n", end) + 1, end);
  return SHA.test(sha) ? sha : null;
}

/** A name that leads out of the repository's refs is none. */
function isRefName(name: string): boolean {
  return name.startsWith("refs/") && !/[\0-\x20\x7f]|\/\/|\.\.|\/$/.test(name);
}

/** Bytes of the file with most refs of a repository; 0: there is none. */
export async function packedRefsSize(dir: string): Promise<number> {
  return (await stat(join(dir, "packed-refs")).catch(() => null))?.size ?? 0;
}

/** Names of refs that have a file of their own. */
export async function looseNames(dir: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(dir, folder), { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".lock"))
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1));
}

/** Of a file `packed-refs`. Pure. */
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

/** As git writes `packed-refs`. It says so in the first line where each tag's own object is known. Pure. */
export function formatPackedRefs(refs: Refs): string {
  const known = [...refs.values()].every(({ peeled }) => peeled !== undefined);
  const lines = inOrder([...refs.keys()]).map((name) => {
    const { sha = "", peeled } = refs.get(name) ?? {};
    return known && typeof peeled === "string" ? `${sha} ${name}\n^${peeled}\n` : `${sha} ${name}\n`;
  });
  return `# pack-refs with:${known ? " peeled fully-peeled" : ""} sorted \n${lines.join("")}`;
}

/** By bytes, as git looks names up. Characters come in the same order but for those of two halves. */
function inOrder(names: string[]): string[] {
  if (!names.some((name) => /[\ud800-\udfff]/.test(name))) return names.sort();
  return names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}
