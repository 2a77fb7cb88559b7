import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants, existsSync, type Dirent } from "node:fs";
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
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
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
    await rm(path, { recursive: true, force: true });
    return null;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (!["ENAMETOOLONG", "EACCES", "EPERM", "ENOTEMPTY"].includes(code)) throw error;
    return code;
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
