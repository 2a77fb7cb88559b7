import { messageOf } from "@tac8/core/domain/messageOf";
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { lstat, mkdir, open, opendir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StepFailure } from "@tac8/core/domain/failures";
import { localFailure } from "./errors.ts";

/** Settings that `git init --bare` writes. Every repository on the clean side has them, byte for byte. */
export const BARE_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n";
const HEAD = "ref: refs/heads/none\n";
const ALTERNATES = "alternates";

/**
 * Entries of such a repository. Git reads many more if they exist: hooks, `commondir`, `config.worktree`, grafts,
 * `.git`.
 */
const FILES = new Set(["HEAD", "config", "packed-refs", "packed-refs.new", "incoming.bundle"]);
const FOLDERS = new Set(["objects", "refs"]);
/** Git's locks, which a pin of another run may hold. */
const LOCK = /\.lock$/;
/** Limit; a repository of tac8 has about five entries. */
const MAX_ENTRIES = 1000;

/**
 * Create a bare repository with tac8's settings, or complete an existing one. `borrowsFrom`: the repository whose
 * objects it uses.
 */
export async function createRepository(dir: string, borrowsFrom: string | null = null): Promise<void> {
  for (const folder of ["objects/info", "objects/pack", "refs/heads"]) {
    await mkdir(join(dir, folder), { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      if (!/^(EEXIST|ENOTDIR)$/.test(String((error as NodeJS.ErrnoException).code))) throw error;
      // Git's own message, which causes the replacement of the mirror.
      throw new StepFailure({ kind: "git", message: `not a git repository: ${dir}` }, { cause: error });
    });
  }
  if (borrowsFrom !== null) await putWhole(join(dir, "objects/info", ALTERNATES), alternatesOf(borrowsFrom));
  if (!(await hasText(join(dir, "config"), BARE_CONFIG))) await putWhole(join(dir, "config"), BARE_CONFIG);
  // An empty HEAD is damage, which git reports.
  if (!(await readdir(dir)).includes("HEAD")) await putWhole(join(dir, "HEAD"), HEAD);
}

/**
 * Restore a repository of the clean side, directly before a git command that has the token: write the settings if they
 * differ in a byte, and remove every entry that tac8 and its git do not create. So git reads nothing that could run a
 * program or send the token elsewhere. Objects and refs are not checked. If the repository borrows from the mirror, the
 * mirror is restored too. Starts no process. If nothing is wrong, it lists two folders, reads one file and the status
 * of two paths, per repository.
 * @param mirrorDir the only repository that others may borrow from
 * @throws StepFailure of kind `git` or `disk` if it cannot be restored
 */
export async function sanitizeRepository(dir: string, mirrorDir: string): Promise<void> {
  try {
    await removeForeign(dir, (name, isFile, isFolder) =>
      isFile ? FILES.has(name) || LOCK.test(name) : isFolder && FOLDERS.has(name),
    );
    const config = join(dir, "config");
    if (!(await hasText(config, BARE_CONFIG))) await putWhole(config, BARE_CONFIG);
    // Git of tac8 ignores them in any case (GIT_NO_REPLACE_OBJECTS); an operator's git does not.
    await rm(join(dir, "refs/replace"), { recursive: true, force: true });
    if ((await removeForeignInfo(dir, mirrorDir)) && dir !== mirrorDir) await sanitizeRepository(mirrorDir, mirrorDir);
  } catch (error) {
    if (error instanceof StepFailure) throw error;
    const errorText = messageOf(error);
    throw new StepFailure(localFailure(`removing foreign settings from ${dir}`, errorText), { cause: error });
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

/** Remove every entry that is not from tac8. A link is neither file nor folder: it is removed, and not followed. */
async function removeForeign(folder: string, isOurs: IsOurs): Promise<void> {
  const foreign: string[] = [];
  const entries = await opendir(folder).catch((error: unknown) => {
    if (absent(error) !== null) throw error;
    throw new StepFailure({ kind: "git", message: `the folder ${folder} is missing` }, { cause: error });
  });
  let seen = 0;
  for await (const entry of entries) {
    if (++seen > MAX_ENTRIES) {
      const message = `${folder} has more than ${MAX_ENTRIES} entries: not a git repository of tac8`;
      throw new StepFailure({ kind: "git", message });
    }
    if (!(await isOurs(entry.name, entry.isFile(), entry.isDirectory()))) foreign.push(entry.name);
  }
  for (const name of foreign) await rm(join(folder, name), { recursive: true, force: true });
}

function alternatesOf(mirrorDir: string): string {
  return `${join(mirrorDir, "objects")}\n`;
}

/** Return whether it is a plain file with exactly this text; a link is not followed. */
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

/** Replace a file atomically, even if other processes do the same now. */
async function putWhole(path: string, text: string): Promise<void> {
  const half = `${path}-${randomUUID()}.lock`; // A file that is left by a crash is removed with git's own locks.
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
