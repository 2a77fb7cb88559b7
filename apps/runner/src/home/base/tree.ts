import { boundedGit } from "../../airlock/boundedGit.ts";
import { runCleanGitIn, type CleanSide } from "../../git/cleanSide.ts";
import { BATCH, splitObjects } from "../../git/splitObjects.ts";

/** A file of a commit. */
export interface TreeFile {
  /** Path from the repository's root, without `.` and `..`. */
  readonly path: string;
  /** Mode as git writes it: `100644`, `100755`, or `120000` for a link. */
  readonly mode: string;
  readonly sha: string;
  /** Bytes. */
  readonly size: number;
}

export interface Commit {
  readonly clean: CleanSide;
  /** A repository of the clean side. */
  readonly dir: string;
  readonly sha: string;
  readonly signal: AbortSignal;
}

/** Enough for about 150,000 files. */
const MAX_LIST_BYTES = 16 * 1024 ** 2;
const READ_MS = 30_000;

/**
 * List the files of a commit, including links, but without submodules and paths that a file system cannot have. `only`:
 * paths to list. @returns null if there are too many. @throws Error if git fails
 */
export async function filesOf(
  { clean, dir, sha, signal }: Commit,
  only: readonly string[] = [],
): Promise<TreeFile[] | null> {
  const args = ["--no-replace-objects", "ls-tree", "-r", "-z", "--long", sha, "--", ...only];
  const { text, cut } = await boundedGit({ clean, dir, args, maxBytes: MAX_LIST_BYTES, signal });
  return cut ? null : parseTree(text);
}

/** Parse the output of `git ls-tree -r -z --long`. Pure. */
export function parseTree(text: string): TreeFile[] {
  return text.split("\0").flatMap((line) => {
    const [, mode = "", sha = "", size = "", path = ""] = /^(\d{6}) blob ([0-9a-f]+) +(\d+)\t([^]+)$/.exec(line) ?? [];
    return mode !== "" && isPlainPath(path) ? [{ path, mode, sha, size: Number(size) }] : [];
  });
}

/** Return whether a path is valid: a tree that was never checked out may have any names. */
function isPlainPath(path: string): boolean {
  return path.split("/").every((name) => name !== "" && name !== "." && name !== ".." && name.toLowerCase() !== ".git");
}

/** Read the bytes of the files, by sha. @throws Error if git does not have one of them */
export async function readFiles(
  { clean, dir, signal }: Commit,
  files: readonly TreeFile[],
): Promise<Map<string, Buffer>> {
  const shas = [...new Set(files.map(({ sha }) => sha))];
  if (shas.length === 0) return new Map();
  const runHere = runCleanGitIn(clean, dir, { signal });
  const { code, bytes, errorText } = await runHere(["--no-replace-objects", "cat-file", BATCH], {
    input: Buffer.from(shas.map((sha) => `${sha}\n`).join("")),
    maxBytes: files.reduce((sum, { size }) => sum + size + 200, 0),
    timeoutMs: READ_MS,
  });
  const contents = code === 0 ? splitObjects(bytes, { count: shas.length, type: "blob" }) : errorText;
  if (typeof contents === "string") throw new Error(`git cat-file: ${contents || "an object is missing"}`);
  return new Map(shas.map((sha, index) => [sha, contents[index] ?? Buffer.alloc(0)]));
}
