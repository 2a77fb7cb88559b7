import { messageOf } from "@tac8/core/domain/messageOf";
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { lstat, mkdir, open, opendir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StepFailure } from "@tac8/core/domain/failures";
import { localFailure } from "./errors.ts";

/** Settings of every repository on the clean side, byte for byte: what `git init --bare` writes, and no others. */
const CONFIG = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n";
const HEAD = "ref: refs/heads/none\n";
const ALTERNATES = "alternates";

/** Entries of such a repository. Git reads much more where it finds it: hooks, `commondir`, `config.worktree`, grafts, `.git`. */
const FILES = new Set(["HEAD", "config", "packed-refs", "packed-refs.new", "incoming.bundle"]);
const FOLDERS = new Set(["objects", "refs"]);
/** Git's locks, which a pin of another run may hold now. */
const LOCK = /\.lock$/;
/** A repository of ours has about five. */
const MAX_ENTRIES = 1000;

/**
 * Make a bare repository with our settings, or complete one: what is there stays. `borrowsFrom`: the repository whose objects
 * it uses.
 */
export async function createRepository(dir: string, borrowsFrom: string | null = null): Promise<void> {
  for (const folder of ["objects/info", "objects/pack", "refs/heads"]) {
    await mkdir(join(dir, folder), { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      if (!/^(EEXIST|ENOTDIR)$/.test(String((error as NodeJS.ErrnoException).code))) throw error;
      // Git's own words: they have the mirror replaced.
      throw new StepFailure({ kind: "git", message: `not a git repository: ${dir}` }, { cause: error });
    });
  }
  if (borrowsFrom !== null) await putWhole(join(dir, "objects/info", ALTERNATES), alternatesOf(borrowsFrom));
  if (!(await hasText(join(dir, "config"), CONFIG))) await putWhole(join(dir, "config"), CONFIG);
  // An empty one is damage, which git reports.
  if (!(await readdir(dir)).includes("HEAD")) await putWhole(join(dir, "HEAD"), HEAD);
}

/**
 * Restore a repository of the clean side, right before a git command that has the token: write the settings where they differ
 * in a byte, and remove every entry that tac8 and its git do not make. So git reads nothing there that could run a program or
 * lead the token elsewhere. Objects and refs are not checked. If the repository borrows from the mirror, the mirror is restored
 * as well. Starts no process; when nothing is wrong, it lists two folders, reads one file and takes the status of two paths,
 * for each repository.
 *
 * @param mirrorDir the only repository that others may borrow from
 * @throws StepFailure of kind `git` or `disk`: it cannot be restored
 */
export async function sanitizeRepository(dir: string, mirrorDir: string): Promise<void> {
  try {
    await removeForeign(dir, (name, isFile, isFolder) =>
      isFile ? FILES.has(name) || LOCK.test(name) : isFolder && FOLDERS.has(name),
    );
    const config = join(dir, "config");
    if (!(await hasText(config, CONFIG))) await putWhole(config, CONFIG);
    // Our git ignores them in any case (GIT_NO_REPLACE_OBJECTS); an operator's git does not.
    await rm(join(dir, "refs/replace"), { recursive: true, force: true });
    if ((await removeForeignInfo(dir, mirrorDir)) && dir !== mirrorDir) await sanitizeRepository(mirrorDir, mirrorDir);
  } catch (error) {
    if (error instanceof StepFailure) throw error;
    const errorText = messageOf(error);
    throw new StepFailure(localFailure(`taking foreign settings out of ${dir}`, errorText), { cause: error });
  }
}

/** @returns whether the repository borrows the mirror's objects. */
async function removeForeignInfo(dir: string, mirrorDir: string): Promise<boolean> {
  const info = join(dir, "objects/info");
  const found = await lstat(info).catch(absent);
  if (found === null) return false;
  if (!found.isDirectory()) {
    await rm(info, { force: true });
    return false;
  }
  let borrows = false;
  await removeForeign(info, async (name, isFile) => {
    if (name !== ALTERNATES) return isFile && name === "packs";
    borrows = isFile && dir !== mirrorDir && (await hasText(join(info, name), alternatesOf(mirrorDir)));
    return borrows;
  });
  return borrows;
}

type IsOurs = (name: string, isFile: boolean, isFolder: boolean) => boolean | Promise<boolean>;

/** A link is neither file nor folder. It is removed, and not followed. */
async function removeForeign(folder: string, isOurs: IsOurs): Promise<void> {
  const foreign: string[] = [];
  const entries = await opendir(folder).catch((error: unknown) => {
    if (absent(error) !== null) throw error;
    throw new StepFailure({ kind: "git", message: `the folder ${folder} is gone` }, { cause: error });
  });
  let seen = 0;
  for await (const entry of entries) {
    if (++seen > MAX_ENTRIES) {
      const message = `${folder} has more than ${MAX_ENTRIES} entries: not a git repository of tac8's`;
      throw new StepFailure({ kind: "git", message });
    }
    if (!(await isOurs(entry.name, entry.isFile(), entry.isDirectory()))) foreign.push(entry.name);
  }
  for (const name of foreign) await rm(join(folder, name), { recursive: true, force: true });
}

function alternatesOf(mirrorDir: string): string {
  return `${join(mirrorDir, "objects")}\n`;
}

/** Whether it is a plain file with exactly this text; a link is not followed. */
async function hasText(path: string, text: string): Promise<boolean> {
  const wanted = Buffer.from(text);
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch(() => null); // Missing, a link, or unreadable: it is written again.
  if (file === null) return false;
  try {
    const buffer = Buffer.alloc(wanted.length + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return buffer.subarray(0, bytesRead).equals(wanted);
  } catch {
    return false; // A folder.
  } finally {
    await file.close();
  }
}

/** All of it is there, or what was before, whoever else does the same now. */
async function putWhole(path: string, text: string): Promise<void> {
  const half = `${path}-${randomUUID()}.lock`; // What is left of one that was killed goes with git's own locks.
  await writeFile(half, text, { flag: "wx", mode: 0o600 });
  await rename(half, path).catch(async (error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== "EISDIR") throw error;
    await rm(path, { recursive: true, force: true });
    await rename(half, path);
  });
}

function absent(error: unknown): null {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOENT" || code === "ENOTDIR") return null;
  throw error;
}
