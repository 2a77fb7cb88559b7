import { dirname, resolve } from "node:path";
import type { Files, Path } from "../../files/files.ts";

export interface Routes {
  /** Folders that agents write to: what lies in them is reached through the sandbox alone. */
  readonly roots: readonly string[];
  /** Further files of the issue that lie elsewhere in the data folder. */
  readonly beside: readonly string[];
}

/**
 * Whether the runner itself may open a path: one of the roots, the folders above them, what was moved aside to a name beside
 * theirs (`<root>.<suffix>`), and `beside`. No agent can put a link on the way to any of them. Everything else, also
 * a path that some output of git names, is the sandbox's: what it does not show is not there. Pure.
 */
export function isOurs(path: Path, { roots, beside }: Routes): path is string {
  if (typeof path !== "string" || resolve(path) !== path) return false;
  if (beside.includes(path)) return true;
  return roots.some((root) => path === root || path === dirname(root) || isBeside(path, root));
}

/** Whether a path is an entry of a root: to ask what it is follows no link that an agent can make. Pure. */
export function isEntry(path: Path, { roots }: Routes): path is string {
  return typeof path === "string" && resolve(path) === path && roots.includes(dirname(path));
}

/** What was moved aside, and the entries of it. */
function isBeside(path: string, root: string): boolean {
  const prefix = `${root}.`;
  const at = dirname(path).startsWith(prefix) ? dirname(path) : path;
  return at.startsWith(prefix) && !at.slice(prefix.length).includes("/");
}

export interface RoutedFiles extends Routes {
  readonly local: Files;
  /** The files that the sandbox shows. */
  readonly inside: () => Files;
  /** Before the runner itself moves or removes something: nothing may be running there. */
  readonly beforeChange: () => Promise<void>;
}

/** The files of an issue, by way of the runner itself or of its sandbox: see `isOurs`. */
export function routedFiles({ local, inside, beforeChange, ...routes }: RoutedFiles): Files {
  const by = (path: Path): Files => (isOurs(path, routes) ? local : inside());
  const change = async <T>(path: Path, act: (files: Files) => Promise<T>): Promise<T> => {
    if (!isOurs(path, routes)) return act(inside());
    await beforeChange();
    return act(local);
  };
  const two = async (from: string, to: string, act: (files: Files) => Promise<void>): Promise<void> => {
    const ours = [from, to].map((path) => isOurs(path, routes));
    if (ours.every((own) => !own)) return act(inside());
    if (!ours.every((own) => own)) throw new Error(`${from} and ${to} are not on the same side`);
    await beforeChange();
    return act(local);
  };
  return {
    exists: async (path) => by(path).exists(path),
    stat: async (path) => (isEntry(path, routes) ? local : by(path)).stat(path),
    list: async (folder, max) => by(folder).list(folder, max),
    readFile: async (path, max) => by(path).readFile(path, max),
    realPath: async (path) => by(path).realPath(path),
    writeFile: (path, content, mode) => change(path, (files) => files.writeFile(path, content, mode)),
    makeFolder: async (path, mode) => by(path).makeFolder(path, mode),
    ownFolder: async (path) => by(path).ownFolder(path),
    openFolder: async (path) => by(path).openFolder(path),
    openTree: (path) => change(path, (files) => files.openTree(path)),
    remove: (path) => change(path, (files) => files.remove(path)),
    removeEmpty: (path) => change(path, (files) => files.removeEmpty(path)),
    move: (from, to) => two(from, to, (files) => files.move(from, to)),
    copy: (from, to) => two(from, to, (files) => files.copy(from, to)),
  };
}
