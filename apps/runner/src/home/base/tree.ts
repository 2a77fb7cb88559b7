import { boundedGit } from "../../airlock/boundedGit.ts";
import { runCleanGitIn, type CleanSide } from "../../git/cleanSide.ts";

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
  const found = new Map<string, Buffer>();
  const shas = [...new Set(files.map(({ sha }) => sha))];
  if (shas.length === 0) return found;
  const runHere = runCleanGitIn(clean, dir, { signal });
  const { code, bytes, errorText } = await runHere(["--no-replace-objects", "cat-file", "--batch"], {
    input: Buffer.from(shas.map((sha) => `${sha}\n`).join("")),
    maxBytes: files.reduce((sum, { size }) => sum + size + 200, 0),
    timeoutMs: READ_MS,
  });
  let at = 0;
  for (const sha of shas) {
    const end = bytes.indexOf("\n", at);
    const [, size] = /^[0-9a-f]+ blob (\d+)$/.exec(bytes.toString("latin1", at, end < 0 ? at : end)) ?? [];
    if (code !== 0 || size === undefined)
      throw new Error(`git cat-file ${sha}: ${errorText || "the object is missing"}`);
    found.set(sha, bytes.subarray(end + 1, end + 1 + Number(size)));
    at = end + 1 + Number(size) + 1;
  }
  return found;
}
