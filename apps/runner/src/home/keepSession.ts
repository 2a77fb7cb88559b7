import { dirname, join } from "node:path";
import { listIfThere, type Files } from "../files/files.ts";
import { sizeOf } from "../files/size.ts";

/** The name of a session is the UUID that tac8 gave it. */
const SESSION = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** A longer session is not kept, because the agent may have written anything there. */
export const MAX_SESSION_BYTES = 256 * 1024 ** 2;

/**
 * Remove everything from an issue's home folder except the session to resume: its file
 * `.claude/projects/<name>/<id>.jsonl`, and the folder of the same name with data that was too long for the file. No
 * other file of an agent may affect the next run. Links are removed, never followed. Afterwards the folder exists, and
 * only its owner can open it; its parent folder must exist. @returns whether the session exists. `session` null: keep
 * nothing.
 */
export async function keepSession(place: Files, home: string, session: string | null): Promise<boolean> {
  if (!(await place.exists(dirname(home)))) throw new Error(`${dirname(home)} is missing`);
  await makeFolder(place, home);
  const id = session !== null && SESSION.test(session) ? session : null;
  if (id === null) {
    await keepOnly(place, home, () => false);
    return false;
  }
  const config = join(home, ".claude");
  const projects = join(config, "projects");
  let kept = false;
  await keepOnly(place, home, async (name) => name === ".claude" && (await isFolder(place, config)));
  await keepOnly(place, config, async (name) => name === "projects" && (await isFolder(place, projects)));
  for (const name of await namesIn(place, projects)) {
    const folder = join(projects, name);
    const paths = sessionPaths(folder, id);
    const whole = (await isFolder(place, folder)) && (await isSession(place, paths));
    // Claude Code stores a session in one folder. If there are two, keep the first.
    if (!whole || kept) {
      await place.remove(folder);
      continue;
    }
    kept = true;
    await keepOnly(
      place,
      folder,
      async (inner) => inner === `${id}.jsonl` || (inner === id && (await isFolder(place, paths[1]))),
    );
  }
  return kept;
}

/**
 * Copy a session from Claude Code's folder `from` to a home folder that `keepSession` has created, for example one that
 * was started before the issue had its own home folder. The session's file gets its name last, so an incomplete copy is
 * not a session. A session that cannot be copied counts as missing. @returns whether the session was found
 * @throws Error if the disk is full; the incomplete copy is removed
 */
export async function importSession(place: Files, from: string, home: string, session: string): Promise<boolean> {
  if (!SESSION.test(session)) return false;
  try {
    return await copySession(place, { from: join(from, "projects"), to: join(home, ".claude", "projects"), session });
  } catch (error) {
    await place.remove(join(home, ".claude"));
    if (isDiskFull(error)) throw error;
    return false;
  }
}

async function copySession(
  place: Files,
  { from, to, session }: { readonly from: string; readonly to: string; readonly session: string },
): Promise<boolean> {
  for (const { name } of await listIfThere(place, from)) {
    const [file, folder] = sessionPaths(join(from, name), session);
    if (!(await isSession(place, [file, folder]))) continue;
    const [copiedFile, copiedFolder] = sessionPaths(join(to, name), session);
    await place.makeFolder(join(to, name), 0o700);
    if (await isFolder(place, folder)) await place.copy(folder, copiedFolder);
    await place.copy(file, `${copiedFile}.part`);
    await place.move(`${copiedFile}.part`, copiedFile);
    return true;
  }
  return false;
}

function isDiskFull(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT"].includes((error as NodeJS.ErrnoException).code ?? "");
}

function sessionPaths(folder: string, id: string): readonly [file: string, folder: string] {
  return [join(folder, `${id}.jsonl`), join(folder, id)];
}

/** List a folder's entries, even if an agent has removed its permissions. */
async function namesIn(place: Files, folder: string): Promise<string[]> {
  if (!(await isFolder(place, folder))) return [];
  await place.makeFolderPrivate(folder);
  return (await place.list(folder)).map(({ name }) => name);
}

async function keepOnly(
  place: Files,
  folder: string,
  keeps: (name: string) => boolean | Promise<boolean>,
): Promise<void> {
  for (const name of await namesIn(place, folder)) if (!(await keeps(name))) await place.remove(join(folder, name));
}

/** Create the folder; remove a file or link in its place. */
async function makeFolder(place: Files, path: string): Promise<void> {
  if (!(await isFolder(place, path))) {
    await place.remove(path);
    await place.makeFolder(path, 0o700);
  }
  await place.makeFolderPrivate(path);
}

async function isFolder(place: Files, path: string): Promise<boolean> {
  return (await place.stat(path).catch(() => null))?.kind === "folder";
}

/** Return whether it is a session, by its size on disk and by the size that a reader of its file would get. */
async function isSession(place: Files, [file, folder]: readonly [string, string]): Promise<boolean> {
  const found = await place.stat(file).catch(() => null);
  if (found?.kind !== "file" || found.size > MAX_SESSION_BYTES) return false;
  return (await sizeOf(place, [file, folder])) <= MAX_SESSION_BYTES;
}
