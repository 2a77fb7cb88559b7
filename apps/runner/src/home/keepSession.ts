import { chmod, cp, lstat, mkdir, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { list } from "../janitor/find.ts";
import { removeTree } from "../workspace/remove.ts";
import { sizeOf } from "../janitor/size.ts";

/** A session is named by the UUID that tac8 gave it. */
const SESSION = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** A longer session is not kept: the agent may have written anything there. */
export const MAX_SESSION_BYTES = 256 * 1024 ** 2;

/**
 * Removes everything from an issue's home folder but the session that is to be resumed: its file
 * `.claude/projects/<name>/<id>.jsonl`, and the folder of the same name with what was too long for the file. Nothing else
 * that an agent has left there may act on the next run. Links are removed, never followed. The folder is there afterwards,
 * and only its owner can open it; the one above it must be there. @returns whether the session is there. `session` null:
 * nothing is kept.
 */
export async function keepSession(home: string, session: string | null): Promise<boolean> {
  await makeFolder(home);
  const id = session !== null && SESSION.test(session) ? session : null;
  if (id === null) {
    await keepOnly(home, () => false);
    return false;
  }
  const config = join(home, ".claude");
  const projects = join(config, "projects");
  let kept = false;
  await keepOnly(home, async (name) => name === ".claude" && (await isFolder(config)));
  await keepOnly(config, async (name) => name === "projects" && (await isFolder(projects)));
  for (const name of await namesIn(projects)) {
    const folder = join(projects, name);
    const paths = sessionPaths(folder, id);
    const whole = (await isFolder(folder)) && (await isSession(paths));
    // One id in two folders is not Claude Code's doing: the first one is as good as the other.
    if (!whole || kept) {
      await removeTree(folder);
      continue;
    }
    kept = true;
    await keepOnly(folder, async (inner) => inner === `${id}.jsonl` || (inner === id && (await isFolder(paths[1]))));
  }
  return kept;
}

/**
 * Copies a session from Claude Code's folder `from`, such as one that was begun before the issue had a home folder of its
 * own, to a home folder that `keepSession` has made. Its file gets its name last: until then, the copy is no session. A
 * session that cannot be copied counts as none. @returns whether it was there
 * @throws Error the disk is full; nothing of the copy is left
 */
export async function bringSession(from: string, home: string, session: string): Promise<boolean> {
  if (!SESSION.test(session)) return false;
  try {
    return await copySession(join(from, "projects"), join(home, ".claude", "projects"), session);
  } catch (error) {
    await removeTree(join(home, ".claude"));
    if (isDiskFull(error)) throw error;
    return false;
  }
}

async function copySession(from: string, to: string, session: string): Promise<boolean> {
  for (const { name } of await list(from)) {
    const [file, folder] = sessionPaths(join(from, name), session);
    if (!(await isSession([file, folder]))) continue;
    const [copiedFile, copiedFolder] = sessionPaths(join(to, name), session);
    await mkdir(join(to, name), { recursive: true, mode: 0o700 });
    if (await isFolder(folder)) await cp(folder, copiedFolder, { recursive: true, filter: isFileOrFolder });
    await cp(file, `${copiedFile}.part`, { filter: isFileOrFolder });
    await rename(`${copiedFile}.part`, copiedFile);
    return true;
  }
  return false;
}

/** A link would lead elsewhere, and a pipe or socket cannot be copied. */
async function isFileOrFolder(path: string): Promise<boolean> {
  const found = await lstat(path);
  return found.isFile() || found.isDirectory();
}

function isDiskFull(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT"].includes((error as NodeJS.ErrnoException).code ?? "");
}

function sessionPaths(folder: string, id: string): readonly [file: string, folder: string] {
  return [join(folder, `${id}.jsonl`), join(folder, id)];
}

/** The folder's own entries; an agent may have shut it. */
async function namesIn(folder: string): Promise<string[]> {
  if (!(await isFolder(folder))) return [];
  await chmod(folder, 0o700);
  return readdir(folder);
}

async function keepOnly(folder: string, keeps: (name: string) => boolean | Promise<boolean>): Promise<void> {
  for (const name of await namesIn(folder)) if (!(await keeps(name))) await removeTree(join(folder, name));
}

/** Make the folder; remove a file or link in its place. */
async function makeFolder(path: string): Promise<void> {
  if (!(await isFolder(path))) {
    await removeTree(path);
    await mkdir(path, { mode: 0o700 });
  }
  await chmod(path, 0o700);
}

async function isFolder(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null))?.isDirectory() === true;
}

/** By what it takes on the disk, and by what a reader of its file would get. */
async function isSession([file, folder]: readonly [string, string]): Promise<boolean> {
  const found = await lstat(file).catch(() => null);
  if (found?.isFile() !== true || found.size > MAX_SESSION_BYTES) return false;
  return (await sizeOf([file, folder])) <= MAX_SESSION_BYTES;
}
