import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  constants,
  existsSync,
  lstatSync,
  opendirSync,
  openSync,
  rmdirSync,
  unlinkSync,
  type Dir,
  type Dirent,
} from "node:fs";
import {
  access,
  chmod,
  cp,
  lstat,
  mkdir,
  open,
  opendir,
  readdir,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  unlink,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import type { Entry, Files, Found, Kind, Path } from "./files.ts";

/** The files of this machine, with the rights of this process. */
export const localFiles: Files = {
  exists: async (path) => existsSync(path),
  stat: statOf,
  list,
  readFile: (path, maxBytes) => readLocalFile(path, maxBytes),
  writeFile: (path, content, mode) => writeFile(path, content, { flag: "wx", ...(mode === undefined ? {} : { mode }) }),
  async makeFolder(path, mode) {
    await mkdir(path, { recursive: true, ...(mode === undefined ? {} : { mode }) });
  },
  makeFolderPrivate: (path) => chmod(path, 0o700),
  addOwnerRights: async (path) => chmod(path, (await stat(path)).mode | 0o700),
  addOwnerRightsInTree,
  move: rename,
  remove: removeTree,
  removeEmpty,
  copy: (from, to) => cp(from, to, { recursive: true, filter: isFileOrFolder }),
  realPath: (path) => realpath(path),
};

export interface PlainFileOptions {
  /** Follow a link: for files of the operator, who may keep them elsewhere. Default false, because a link could lead anywhere. */
  readonly followLinks?: boolean;
}

/** See `Files.readFile`. */
export async function readLocalFile(
  path: Path,
  maxBytes: number,
  { followLinks = false }: PlainFileOptions = {},
): Promise<Buffer | null> {
  let file;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | (followLinks ? 0 : constants.O_NOFOLLOW));
  } catch {
    return null; // It is missing, or a link.
  }
  try {
    const found = await file.stat();
    if (!found.isFile()) return null;
    const buffer = Buffer.alloc(Math.min(found.size, maxBytes));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function list(folder: Path, max = Infinity): Promise<Entry[]> {
  if (max === Infinity) return (await readdir(folder, { withFileTypes: true })).map(entryOf);
  const entries: Entry[] = [];
  for await (const entry of await opendir(folder)) {
    if (entries.push(entryOf(entry)) >= max) break;
  }
  return entries;
}

/**
 * Remove a tree. Tools of agents leave folders that even their owner may not write to, such as module caches: open them
 * first.
 */
async function removeTree(path: string): Promise<void> {
  const code = await tryToRemove(path);
  if (code === null) return;
  await addOwnerRightsInTree(path);
  const isKept = code === "EACCES" && !(await canWrite(dirname(path)));
  if (isKept || code === "ENAMETOOLONG" || (await tryToRemove(path)) === "ENAMETOOLONG") await removeByPrograms(path);
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
}

/** @returns null: it is removed; otherwise why not @throws Error if another try is of no use */
async function tryToRemove(path: string): Promise<string | null> {
  try {
    if (await removeQuickly(path)) return null;
    await rm(path, { recursive: true, force: true });
    return null;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (!["ENAMETOOLONG", "EACCES", "EPERM", "ENOTEMPTY"].includes(code)) throw error;
    return code;
  }
}

/**
 * `rm` of Node asks the thread pool for each entry, which takes four times as much processor time. @returns whether it is removed:
 * otherwise `rm` tries again, and reports why it cannot be
 */
async function removeQuickly(path: string): Promise<boolean> {
  if (path.endsWith("/")) return false; // With a slash after its name, a link is followed.
  const found = tryOr(() => lstatSync(path, { throwIfNoEntry: false }) ?? "missing", null);
  if (found === "missing") return true;
  if (found === null) return false;
  if (!found.isDirectory()) return !isLarge(found) && succeeds(() => unlinkSync(path));
  await removeContent(path);
  return succeeds(() => rmdirSync(path));
}

/** Time for removals before the event loop gets a turn. */
const AT_ONCE_MS = 5;
/** A file of this size is removed by the thread pool: ext4 needs 7 s for 600 MB in 150,000 fragments. */
const LARGE_BYTES = 4 * 1024 ** 2;
/** Each level needs two descriptors. */
const MAX_DEPTH = 60;

/**
 * Remove the content of a folder, except what cannot be removed. Each name is looked up in the opened folder, so a link that replaces a
 * folder meanwhile leads nowhere.
 */
async function removeContent(folder: string): Promise<void> {
  let since = performance.now();
  await removeIn(folder, 1);

  async function removeIn(path: string, depth: number): Promise<void> {
    const opened = openFolder(path);
    if (opened === null) return;
    const { here, entries, close } = opened;
    try {
      const next = (): Dirent | null => tryOr(() => entries.readSync(), null);
      for (let entry = next(); entry !== null; entry = next()) {
        const one = join(here, entry.name);
        if (entry.isDirectory()) {
          if (depth < MAX_DEPTH) await removeIn(one, depth + 1);
          succeeds(() => rmdirSync(one));
        } else if (tryOr(() => isLarge(lstatSync(one)), false)) await unlink(one).catch(() => undefined);
        else succeeds(() => unlinkSync(one));
        if (performance.now() - since < AT_ONCE_MS) continue;
        await turn();
        since = performance.now();
      }
    } finally {
      close();
    }
  }
}

/** Open a folder, not a link to one. Null: it cannot be opened. `here` is a path of the opened folder, wherever it is moved. */
function openFolder(path: string): { readonly here: string; readonly entries: Dir; readonly close: () => void } | null {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch {
    return null;
  }
  const here = `/proc/self/fd/${fd}`;
  try {
    const entries = opendirSync(here);
    const close = (): void => {
      entries.closeSync();
      closeSync(fd);
    };
    return { here, entries, close };
  } catch {
    closeSync(fd); // There is no descriptor left, or no `/proc`.
    return null;
  }
}

function isLarge({ blocks }: { readonly blocks: number }): boolean {
  return blocks * 512 >= LARGE_BYTES;
}

function succeeds(act: () => void): boolean {
  return tryOr(() => {
    act();
    return true;
  }, false);
}

function tryOr<T>(act: () => T, otherwise: T): T {
  try {
    return act();
  } catch {
    return otherwise;
  }
}

/**
 * `chmod` and `rm` go down folder by folder: they need no name of the whole path, which agents can make longer than any system call
 * takes, with a closed folder in the last one. And they empty a folder that they cannot remove.
 */
async function removeByPrograms(path: string): Promise<void> {
  const isFolder = (await lstat(path).catch(() => null))?.isDirectory() === true;
  if (isFolder) await runProgram("chmod", ["-R", "u+rwX", "--", path]);
  await runProgram("rm", ["-rf", "--", path]);
}

/** Run a program to its end, whatever its exit code. Without execa, which takes most of the time in which a helper starts. */
async function runProgram(program: string, args: readonly string[]): Promise<void> {
  await once(spawn(program, args, { stdio: "ignore" }), "close").catch(() => undefined);
}

async function canWrite(folder: string): Promise<boolean> {
  return access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );
}

/** Errors for a folder that is not empty, missing, not a folder, or a mount point. */
const KEPT: readonly string[] = ["ENOENT", "ENOTEMPTY", "EEXIST", "ENOTDIR", "EBUSY", "EACCES", "EPERM", "EROFS"];

async function removeEmpty(path: string): Promise<void> {
  try {
    await rmdir(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (!KEPT.includes(code ?? "")) throw error;
  }
}

async function addOwnerRightsInTree(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (found?.isDirectory() !== true) return;
  try {
    await chmod(path, (found.mode & 0o7777) | 0o700);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") throw error;
  }
  const names = await readdir(path).catch(() => []); // The code that needs the content reports the error.
  for (const name of names) await addOwnerRightsInTree(join(path, name));
}

async function statOf(path: Path): Promise<Found | null> {
  try {
    const stats = await lstat(path);
    const { size, blocks, mtimeMs, ctimeMs } = stats;
    return { kind: kindOf(stats), size, used: blocks * 512, mtimeMs, ctimeMs };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw error;
  }
}

async function isFileOrFolder(path: string): Promise<boolean> {
  const found = await lstat(path);
  return found.isFile() || found.isDirectory();
}

function entryOf(entry: Dirent): Entry {
  return { name: entry.name, kind: kindOf(entry) };
}

function kindOf(of: Pick<Dirent, "isFile" | "isDirectory" | "isSymbolicLink">): Kind {
  if (of.isFile()) return "file";
  if (of.isDirectory()) return "folder";
  return of.isSymbolicLink() ? "link" : "other";
}
