import { parseJobId } from "@tac8/core/domain/reference";
import { accessSync, constants, lstatSync, opendirSync, readdirSync, type Stats } from "node:fs";
import { join } from "node:path";
import type { IssueFacts } from "./exportRedis.ts";
import { DATA, SHARED } from "./format.ts";

/** A file to put into a backup. */
export interface BackupFile {
  /** Path in the archive. */
  readonly path: string;
  readonly source: string;
}

export interface FoundFiles {
  readonly files: readonly BackupFile[];
  /** Files that are not in the backup, with the reason, one line each. */
  readonly leftOut: readonly string[];
}

/** Maximum size of the session or the repository of one issue, because an agent may have written anything there. */
const MAX_BYTES = 256 * 1024 ** 2;
const MAX_FILES = 20_000;
/** Bytes of a path below the data folder, which may have a longer path where it is restored. */
const MAX_PATH = 2000;
/** Node puts it in place of bytes that are no UTF-8: such a name names another file, or none. */
const NO_UTF8 = "\uFFFD";
/** Files about a worktree, which a backup does not contain, and locks of processes. */
const NOT_RESTORED = /^(?:end\.json|prompt\.md|.*\.(?:lock|new))$/;

/**
 * Return the files of a data folder that a backup needs beside Redis. For each issue, these are tac8's notes, the session of its
 * agent and, if no run is active, the repository of its workspace, which has the commits that may not be on GitHub. Files that an
 * agent can write are hostile input: links, names that are no UTF-8 and paths that are too long are ignored, and files that are
 * too large are omitted.
 */
export function findFiles(
  issues: readonly IssueFacts[],
  { dataFolder, sharedProjects }: { readonly dataFolder: string; readonly sharedProjects: string | null },
): FoundFiles {
  const files: BackupFile[] = [];
  const leftOut: string[] = [];
  const shared = sharedProjects === null ? new Map<string, BackupFile[]>() : sharedSessions(sharedProjects, issues);
  const add = (jobId: string, what: string, found: readonly BackupFile[] | null): void => {
    if (found === null) leftOut.push(`${jobId}: ${what} is too large for a backup`);
    else files.push(...found);
  };
  const id = { path: `${DATA}id`, source: join(dataFolder, "id") };
  if (statOf(id.source)?.isFile() === true) files.push(id);
  for (const {
    jobId,
    run: { id: run },
    agent: { session },
  } of issues) {
    const ref = parseJobId(jobId);
    if (ref === null) continue;
    const [owner, repo, name] = [ref.owner, ref.repo, `gh-${ref.number}`];
    const agents = [join("homes", owner, repo, name), join("workspaces", owner, repo, "git", `${name}.git`)];
    const unreadable = agents.filter((path) => isUnreadable(join(dataFolder, path)));
    leftOut.push(...unreadable.map((path) => `${jobId}: ${path} cannot be read by this user`));
    const inHome = (...parts: string[]) => filesIn({ root: dataFolder, at: join(...parts), prefix: DATA });
    const notes = inHome("issues", owner, repo, name);
    add(jobId, "its notes folder", notes?.filter(({ source }) => !NOT_RESTORED.test(nameOf(source))) ?? null);
    if (session !== null) {
      const projects = join("homes", owner, repo, name, ".claude", "projects");
      for (const folder of foldersIn(dataFolder, projects)) {
        add(
          jobId,
          "its agent's session",
          sessionIn({ root: dataFolder, at: join(projects, folder), session, prefix: DATA }),
        );
      }
      add(jobId, "its agent's session", shared.get(session) ?? []);
    }
    if (run === null) add(jobId, "its repository", inHome("workspaces", owner, repo, "git", `${name}.git`));
  }
  return { files, leftOut };
}

/** Return the sessions of agents in a shared home folder, by id. Other sessions there belong to the user. */
function sharedSessions(projects: string, issues: readonly IssueFacts[]): Map<string, BackupFile[]> {
  const wanted = new Set(issues.flatMap(({ agent: { session } }) => session ?? []));
  const found = new Map<string, BackupFile[]>();
  for (const folder of foldersIn(projects, ".")) {
    for (const name of namesIn(join(projects, folder))) {
      const id = name.endsWith(".jsonl") ? name.slice(0, -".jsonl".length) : "";
      if (!wanted.has(id) || found.has(id)) continue;
      const files = sessionIn({ root: projects, at: folder, session: id, prefix: SHARED });
      if (files !== null) found.set(id, files);
    }
  }
  return found;
}

interface Where {
  readonly root: string;
  /** Relative to `root`. */
  readonly at: string;
  /** Prefix of the paths in the archive. */
  readonly prefix: string;
}

/** Return the file of a session, and its folder with longer content. Null: too large. */
function sessionIn({ root, at, session, prefix }: Where & { readonly session: string }): BackupFile[] | null {
  const file = join(at, `${session}.jsonl`);
  const stat = statOf(join(root, file));
  if (stat?.isFile() !== true) return [];
  const siblingFiles = filesIn({ root, at: join(at, session), prefix });
  if (siblingFiles === null || stat.size > MAX_BYTES) return null;
  return [...siblingFiles, { path: prefix + file, source: join(root, file) }];
}

/** Return all regular files of a folder, with Git's references before its objects. Null: too many or too large for a backup. */
function filesIn({ root, at, prefix }: Where): BackupFile[] | null {
  const found: BackupFile[] = [];
  let [bytes, seen] = [0, 0];
  for (const waiting = [at]; ;) {
    const folder = waiting.shift();
    if (folder === undefined) break;
    const entries = entriesOf(join(root, folder), MAX_FILES - seen + 1);
    seen += entries.length;
    if (seen > MAX_FILES) return null;
    for (const name of entries) {
      const path = join(folder, name);
      if (name.includes(NO_UTF8) || Buffer.byteLength(path) > MAX_PATH) continue;
      const stat = statOf(join(root, path));
      if (stat?.isDirectory() === true) waiting.push(path);
      if (stat?.isFile() !== true) continue;
      bytes += stat.size;
      if (bytes > MAX_BYTES) return null;
      found.push({ path: prefix + path, source: join(root, path) });
    }
  }
  const isObject = ({ path }: BackupFile) => Number(path.includes("/objects/"));
  return found.toSorted((a, b) => isObject(a) - isObject(b));
}

/** Return at most `most` names in a folder; none if it is a link, is missing, or is not readable by this user. */
function entriesOf(folder: string, most: number): string[] {
  if (statOf(folder)?.isDirectory() !== true) return [];
  const names: string[] = [];
  try {
    const dir = opendirSync(folder);
    try {
      for (let entry = dir.readSync(); entry !== null && names.length < most; entry = dir.readSync()) {
        names.push(entry.name);
      }
    } finally {
      dir.closeSync();
    }
  } catch {
    return names; // The folder was removed meanwhile.
  }
  return names.toSorted();
}

/** Return the folders in a folder. Each part of its path must be a folder, because an agent may have replaced one by a link. */
function foldersIn(root: string, at: string): string[] {
  let path = root;
  for (const part of at.split("/")) {
    path = join(path, part);
    if (statOf(path)?.isDirectory() !== true) return [];
  }
  return entriesOf(path, MAX_FILES).filter((name) => statOf(join(path, name))?.isDirectory() === true);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Return the status of a file; null: it is missing, or in a folder that this user cannot open. */
function statOf(path: string): Stats | null {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) ?? null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EACCES") throw error;
    return null;
  }
}

/** Whether this user cannot read a folder, such as one of an agent that runs as another user. */
function isUnreadable(path: string): boolean {
  if (statOf(path) === null) return false;
  try {
    accessSync(path, constants.R_OK | constants.X_OK);
    return false;
  } catch {
    return true;
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
