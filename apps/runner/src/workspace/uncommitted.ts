import { MESSAGE_FILES } from "../files/messageFileNames.ts";
import type { LeftOut } from "@tac8/core/domain/leftOut";
import type { AgentPlace } from "../agentPlace/place.ts";
import { generatedFolder } from "./generated.ts";
import { decideOn, HEAD_BYTES, MAX_FILES, type UncommittedFile } from "./leaveOut.ts";

/** Maximum size of git's list, enough for about half a million files. */
const MAX_LIST_BYTES = 64 * 1024 * 1024;
const AT_ONCE = 32;
const MAX_FOLDERS = 1000;

export interface TreeSide {
  readonly tree: string;
  readonly place: AgentPlace;
}

export interface Uncommitted {
  /** HEAD's commit; null if there is none. */
  readonly head: string | null;
  /** Short name of HEAD's branch; null if HEAD is detached. */
  readonly branch: string | null;
  /** Whether nothing differs from HEAD, neither in the worktree nor in the index. */
  readonly nothing: boolean;
  /** Paths to commit. Each character is one byte, because names need not be text. */
  readonly save: readonly string[];
  readonly left: readonly LeftOut[];
  /** Paths that are left out of the commit but are in the index, from which they have to be removed. */
  readonly staged: readonly string[];
  /** Paths with a conflict, message files among them. */
  readonly unmerged: ReadonlySet<string>;
}

/** Read how a worktree differs from HEAD, and decide which of the changes are work. @throws Error with git's message */
export async function readUncommitted(where: TreeSide): Promise<Uncommitted> {
  const { head, branch, entries: all, unreadable } = await readStatus(where);
  const entries = all.filter(({ path }) => !isPrivate(path));
  const { generated, others } = await splitGenerated(where, entries);
  const { save, leave } = decideOn(await inspect(where, others.slice(0, MAX_FILES)));
  const left = [
    ...leave,
    ...others.slice(MAX_FILES).map(({ path }) => ({ path, why: "total" as const })),
    ...[...generated.keys()].map((path) => ({ path, why: "generated" as const })),
  ];
  // If a file can no longer be read, only its staged content remains, so it stays in the index.
  const unwanted = left.filter(({ why }) => why !== "unreadable").map(({ path }) => path);
  const out = new Set([...unwanted, ...[...generated.values()].flat()]);
  const unmerged = new Set(all.filter((entry) => entry.unmerged).map(({ path }) => path));
  const saved = new Set(save);
  return {
    head,
    branch,
    nothing: all.length === 0,
    save,
    left: [
      ...left.map(({ path, why }) => ({ path: textOf(path), why })),
      ...unreadable.map((path) => ({ path, why: "unreadable" as const })),
    ],
    staged: entries
      .filter(({ path, inIndex }) => (inIndex && out.has(path)) || (unmerged.has(path) && !saved.has(path)))
      .map(({ path }) => path),
    unmerged,
  };
}

function isPrivate(path: string): boolean {
  return MESSAGE_FILES.some((name) => path === name || path.startsWith(`${name}/`));
}

export interface StatusEntry {
  readonly path: string;
  readonly tracked: boolean;
  /** The worktree has no file at this path. */
  readonly missing: boolean;
  /** It has become a submodule entry, or is a repository that git does not track. */
  readonly repository: boolean;
  /** The index differs from HEAD at this path, so a commit would include it. */
  readonly inIndex: boolean;
  /** Its conflict is not resolved in the index. */
  readonly unmerged: boolean;
}

interface Status {
  readonly head: string | null;
  readonly branch: string | null;
  readonly entries: readonly StatusEntry[];
  /** Folders that could not be read, as text for display. */
  readonly unreadable: readonly string[];
}

async function readStatus({ tree, place }: TreeSide): Promise<Status> {
  const ask = (untracked: string) =>
    place.git(
      tree,
      ["status", "--porcelain=v2", "--branch", "-z", "--no-renames", "--ignore-submodules=none", untracked],
      { maxBytes: MAX_LIST_BYTES },
    );
  const all = await ask("--untracked-files=all");
  // If the list is too long, a second list has folders in place of their content.
  const tooLong = all.code === undefined && all.bytes.length >= MAX_LIST_BYTES;
  const { code, bytes, errorText } = tooLong ? await ask("--untracked-files=normal") : all;
  if (code !== 0) throw new Error(errorText);
  return { ...parseStatus(bytes.toString("latin1")), unreadable: unreadableFolders(errorText) };
}

const LINK = "160000";
const NOTHING = "000000";
/** Git's value in place of a branch's name, also during a rebase or a bisection. */
const DETACHED = "(detached)";

/** Parse the output of `git status --porcelain=v2 --branch -z`, with one character for each byte. Pure. */
export function parseStatus(text: string): Pick<Status, "head" | "branch" | "entries"> {
  let head: string | null = null;
  let branch: string | null = null;
  const entries: StatusEntry[] = [];
  const lines = text.split("\0");
  const start = lines.findIndex((line) => !line.startsWith("# "));
  // Headers are read only before the first entry: a later line may be a file name, which an agent chooses.
  for (const line of lines.slice(0, start)) {
    const [, oid] = /^# branch\.oid ([0-9a-f]+)$/.exec(line) ?? [];
    if (oid !== undefined) head = oid;
    const [, name] = /^# branch\.head (.+)$/.exec(line) ?? [];
    if (name !== undefined && name !== DETACHED) branch = textOf(name);
  }
  for (const line of lines.slice(start)) {
    const [, changed = "", before = "", index = "", now = "", path] =
      /^1 (..) \S+ (\d+) (\d+) (\d+) \S+ \S+ ([^]+)$/.exec(line) ?? [];
    if (path !== undefined) {
      entries.push({
        path,
        tracked: before !== NOTHING,
        missing: now === NOTHING,
        repository: before !== LINK && (index === LINK || now === LINK),
        inIndex: !changed.startsWith("."),
        unmerged: false,
      });
    }
    const [, there = "", unmerged] = /^u .. \S+ \d+ \d+ \d+ (\d+) \S+ \S+ \S+ ([^]+)$/.exec(line) ?? [];
    if (unmerged !== undefined) {
      const missing = there === NOTHING;
      entries.push({ path: unmerged, tracked: true, missing, repository: false, inIndex: true, unmerged: true });
    }
    if (line.startsWith("? ")) {
      const repository = line.endsWith("/");
      const name = repository ? line.slice(2, -1) : line.slice(2);
      entries.push({ path: name, tracked: false, missing: false, repository, inIndex: false, unmerged: false });
    }
  }
  return { head, branch, entries };
}

/** Return the folders that git reports as unreadable, each once. Git cuts long lines, so the reason may be missing. Pure. */
export function unreadableFolders(errorText: string): string[] {
  const found = errorText.matchAll(/^warning: could not open directory '(.*?)(?:': [A-Z][\w /-]*)?$/gm);
  return [...new Set([...found].map(([, path = ""]) => path))];
}

/** Separate folders that tools generate, with their changed files, from other entries. A folder in which HEAD has files does not count as generated. */
async function splitGenerated(where: TreeSide, entries: readonly StatusEntry[]) {
  const filesIn = listerOf(where);
  const generated = new Map<string, string[]>();
  for (const { path, tracked } of entries) {
    const folder = tracked ? null : await generatedFolder(path, filesIn);
    if (folder === null) continue;
    const inside = generated.get(folder) ?? [];
    inside.push(path);
    generated.set(folder, inside);
  }
  for (const folder of await wantedFolders(where, [...generated.keys()])) generated.delete(folder);
  const inside = new Set([...generated.values()].flat());
  return { generated, others: entries.filter(({ path, tracked }) => tracked || !inside.has(path)) };
}

export function listerOf({ place, tree }: TreeSide): (folder: string) => Promise<readonly string[]> {
  const known = new Map<string, readonly string[]>();
  return async (folder) => {
    const found = known.get(folder) ?? (known.size < MAX_FOLDERS ? await namesIn(place, pathOf(tree, folder)) : []);
    known.set(folder, found);
    return found;
  };
}

async function namesIn(place: AgentPlace, folder: Buffer): Promise<readonly string[]> {
  const entries = await place.list(folder).catch(() => []); // The folder is unreadable, or was removed meanwhile.
  return entries.map(({ name }) => name);
}

/** Return the folders in which HEAD has files, so that new files there are work. Git cannot be asked about a name with a line break. */
export async function wantedFolders({ tree, place }: TreeSide, folders: readonly string[]): Promise<string[]> {
  const asked = folders.filter((folder) => !folder.includes("\n"));
  if (asked.length === 0) return [];
  const { code, bytes, errorText } = await place.git(tree, ["cat-file", "--batch-check=%(objecttype)"], {
    input: Buffer.from(asked.map((folder) => `HEAD:${folder.slice(0, -1)}\n`).join(""), "latin1"),
    maxBytes: MAX_LIST_BYTES,
  });
  if (code !== 0) throw new Error(errorText);
  const answers = bytes.toString("latin1").split("\n");
  return asked.filter((_, index) => answers[index] === "tree");
}

/** Read the facts that decide about each file: its kind, size, first bytes and filter. */
async function inspect(where: TreeSide, entries: readonly StatusEntry[]): Promise<UncommittedFile[]> {
  const files: UncommittedFile[] = [];
  for (let index = 0; index < entries.length; index += AT_ONCE) {
    const some = entries.slice(index, index + AT_ONCE).map((entry) => inspectOne(where, entry));
    files.push(...(await Promise.all(some)));
  }
  const filters = await filtersOf(
    where,
    files.filter(({ kind }) => kind === "file").map(({ path }) => path),
  );
  return files.map((file) => ({ ...file, filter: filters.get(file.path) ?? null }));
}

async function inspectOne({ place, tree }: TreeSide, entry: StatusEntry): Promise<UncommittedFile> {
  const { path, tracked } = entry;
  const nothing = { path, tracked, size: 0, head: Buffer.alloc(0), filter: null };
  if (entry.missing) return { ...nothing, kind: "missing" };
  const unreadable = { ...nothing, kind: "unreadable" } as const;
  const file = pathOf(tree, path);
  const found = await place.stat(file).catch(() => null);
  if (found === null) return unreadable;
  if (entry.repository) {
    const isOne = (await place.stat(pathOf(tree, `${path}/.git`)).catch(() => null)) !== null;
    return { ...nothing, kind: isOne || tracked ? "repository" : "folder" };
  }
  // A submodule of the project is a folder.
  if (found.kind === "link" || found.kind === "folder") return { ...nothing, kind: "link" };
  if (found.kind !== "file") return { ...nothing, kind: "other" };
  const head = await place.readFile(file, HEAD_BYTES).catch(() => null);
  return head === null ? unreadable : { ...nothing, kind: "file", size: found.size, head };
}

async function filtersOf({ tree, place }: TreeSide, paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (paths.length === 0) return new Map();
  const { code, bytes, errorText } = await place.git(tree, ["check-attr", "-z", "--stdin", "filter"], {
    input: nulList(paths),
    maxBytes: MAX_LIST_BYTES,
  });
  if (code !== 0) throw new Error(errorText);
  const parts = bytes.toString("latin1").split("\0");
  const found = new Map<string, string>();
  for (let index = 0; index + 2 < parts.length; index += 3) {
    const value = parts[index + 2] ?? "";
    if (value !== "unspecified" && value !== "unset") found.set(parts[index] ?? "", value);
  }
  return found;
}

/** Encode paths for git's standard input with `-z`. */
export function nulList(paths: readonly string[]): Buffer {
  return Buffer.from(paths.map((path) => `${path}\0`).join(""), "latin1");
}

function pathOf(tree: string, path: string): Buffer {
  return Buffer.concat([Buffer.from(`${tree}/`), Buffer.from(path, "latin1")]);
}

/** Return a path as text for display. */
export function textOf(path: string): string {
  return Buffer.from(path, "latin1").toString("utf8");
}
