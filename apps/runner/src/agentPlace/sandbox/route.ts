import { dirname, resolve } from "node:path";
import type { Files, Path } from "../../files/files.ts";
import type { SideOptions } from "../side.ts";

export interface Routes {
  /** Folders that agents write to. Their content is reached only through the sandbox. */
  readonly roots: readonly string[];
  /** Other files of the issue, elsewhere in the data folder. */
  readonly otherFiles: readonly string[];
}

/**
 * Return whether the runner itself may open a path: a root, a folder above a root, a quarantined folder beside a root
 * (`<root>.<suffix>`), or a path in `otherFiles`. No agent can place a link in the way of these paths. Every other path, also one from
 * the output of git, is opened through the sandbox, which shows only the files. Pure.
 */
export function isOurs(path: Path, { roots, otherFiles }: Routes): path is string {
  if (typeof path !== "string" || resolve(path) !== path) return false;
  if (otherFiles.includes(path)) return true;
  return roots.some((root) => path === root || path === dirname(root) || isBeside(path, root));
}

/** Return whether a path is an entry of a root. Its file kind can be read without following a link of an agent. Pure. */
export function isEntry(path: Path, { roots }: Routes): path is string {
  return typeof path === "string" && resolve(path) === path && roots.includes(dirname(path));
}

/** Return whether a path is a folder that was quarantined from this root, or an entry of such a folder. */
function isBeside(path: string, root: string): boolean {
  const prefix = `${root}.`;
  const at = dirname(path).startsWith(prefix) ? dirname(path) : path;
  return at.startsWith(prefix) && !at.slice(prefix.length).includes("/");
}

/**
 * Folders that the runner has created and that no sandbox has shown since then, so no agent can have put anything there. The
 * runner itself writes to them: no sandbox has to be started for that. Call `clear` before a sandbox starts.
 */
export class NewFolders {
  readonly #paths = new Set<string>();
  readonly #workspace: SideOptions["workspace"];

  constructor(workspace?: SideOptions["workspace"]) {
    this.#workspace = workspace;
  }

  add(path: string): void {
    this.#paths.add(path);
  }

  clear(): void {
    this.#paths.clear();
  }

  /** Whether a path is in one of these folders. The worktree does not count, because git fills it with a commit's files, also with links. */
  hold(path: Path): path is string {
    if (typeof path !== "string" || resolve(path) !== path) return false;
    return [...this.#paths].some((folder) => folder !== this.#workspace?.tree && path.startsWith(`${folder}/`));
  }

  /** Whether a path is an entry of one of these folders, also of the worktree: removing or creating an entry follows no link. */
  holdAsEntry(path: Path): path is string {
    return typeof path === "string" && resolve(path) === path && this.#paths.has(dirname(path));
  }

  /**
   * Whether the runner itself may run git in a folder: it is the thin repository, and of the roots only new folders exist. So
   * every setting that git reads there is from tac8. Never in the worktree, whose content is from a commit.
   */
  mayRunGit(dir: string, existingRoots: readonly string[]): boolean {
    if (dir !== this.#workspace?.gitDir) return false;
    return [dir, ...existingRoots].every((root) => this.#paths.has(root));
  }
}

export interface RoutedFiles extends Routes {
  readonly local: Files;
  readonly newFolders: NewFolders;
  /** Folder of tac8's data, which no sandbox shows as a whole. Only roots in it can be new folders. */
  readonly data: string;
  /** Return the files that the sandbox shows. */
  readonly inside: () => Files;
  /** Called before the runner itself moves or removes a file. Ends every process in the sandbox. */
  readonly beforeChange: () => Promise<void>;
}

/** Return the files of an issue, opened by the runner itself or through the sandbox: see `isOurs`. */
export function routedFiles({ local, newFolders, data, inside, beforeChange, ...routes }: RoutedFiles): Files {
  const by = (path: Path): Files => (isOurs(path, routes) || newFolders.hold(path) ? local : inside());
  const change = async <T>(path: Path, act: (files: Files) => Promise<T>): Promise<T> => {
    if (newFolders.hold(path)) return act(local);
    if (!isOurs(path, routes)) return act(inside());
    await beforeChange();
    return act(local);
  };
  const makeFolder = async (path: string, mode?: number): Promise<void> => {
    const isRoot = routes.roots.includes(path) && path.startsWith(`${data}/`);
    const isNew = isRoot && (await local.stat(path)) === null;
    await by(path).makeFolder(path, mode);
    if (isNew) newFolders.add(path);
  };
  const two = async (from: string, to: string, act: (files: Files) => Promise<void>): Promise<void> => {
    const ours = [from, to].map((path) => isOurs(path, routes) || newFolders.hold(path));
    if (ours.every((own) => !own)) return act(inside());
    if (!ours.every((own) => own))
      throw new Error(`cannot move or copy ${from} to ${to}: one is on the agent side, the other on the clean side`);
    if (![from, to].every((path) => newFolders.hold(path))) await beforeChange();
    return act(local);
  };
  return {
    exists: async (path) => by(path).exists(path),
    stat: async (path) => (isEntry(path, routes) ? local : by(path)).stat(path),
    list: async (folder, max) => by(folder).list(folder, max),
    readFile: async (path, max) => by(path).readFile(path, max),
    realPath: async (path) => by(path).realPath(path),
    writeFile: (path, content, mode) =>
      newFolders.holdAsEntry(path)
        ? local.writeFile(path, content, mode)
        : change(path, (files) => files.writeFile(path, content, mode)),
    makeFolder,
    makeFolderPrivate: async (path) => by(path).makeFolderPrivate(path),
    addOwnerRights: async (path) => by(path).addOwnerRights(path),
    addOwnerRightsInTree: (path) => change(path, (files) => files.addOwnerRightsInTree(path)),
    remove: (path) => (newFolders.holdAsEntry(path) ? local.remove(path) : change(path, (files) => files.remove(path))),
    removeEmpty: (path) => change(path, (files) => files.removeEmpty(path)),
    move: (from, to) => two(from, to, (files) => files.move(from, to)),
    copy: (from, to) => two(from, to, (files) => files.copy(from, to)),
  };
}
