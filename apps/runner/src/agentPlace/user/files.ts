import { dirname, resolve } from "node:path";
import type { Files, Path } from "../../files/files.ts";
import { isEntry, type RoutedFiles } from "../sandbox/route.ts";

export interface OwnedFiles extends Omit<RoutedFiles, "newFolders" | "data"> {
  /** Create one of the roots, which belongs to the user. The folder above it exists. */
  readonly makeRoot: (root: string) => Promise<void>;
  /** Return whether an agent is alive. The helper cannot run then, but tac8's group may read the status of a root's entries. */
  readonly isBusy: () => boolean;
  /** Return whether the user, not tac8, owns the file at a path. */
  readonly isAgents: (path: string) => boolean;
}

/**
 * Return the files of an issue whose folders belong to its own user, and which no other user can enter. The launcher creates these
 * folders, and the runner moves and removes them as entries of its own folders. Their content is only accessible to the helper.
 */
export function ownedFiles(options: OwnedFiles): Files {
  const { roots, otherFiles, local, inside, beforeChange, makeRoot, isBusy, isAgents } = options;
  const kindOf = (path: Path): "root" | "ours" | "inside" => {
    if (typeof path !== "string" || resolve(path) !== path) return "inside";
    if (roots.some((root) => path === root || isBeside(path, root))) return "root";
    const isAbove = roots.some((root) => dirname(root) === path);
    return isAbove || otherFiles.includes(path) ? "ours" : "inside";
  };
  const from = (path: Path): Files => (kindOf(path) === "inside" ? inside() : local);
  /** Return the files through which a path can be reached. */
  const into = (path: Path): Files => {
    const kind = kindOf(path);
    if (kind === "root" && !isAgents(path as string)) return local;
    return kind === "ours" ? local : inside();
  };
  const make = async (path: string, mode?: number): Promise<void> => {
    const root = roots.find((one) => path === one || path.startsWith(`${one}/`));
    if (root === undefined) return (kindOf(path) === "inside" ? inside() : local).makeFolder(path, mode);
    if ((await local.stat(root)) === null) {
      await local.makeFolder(dirname(root));
      await makeRoot(root);
    }
    if (path !== root) await inside().makeFolder(path, mode);
  };
  const remove = async (path: string): Promise<void> => {
    if (kindOf(path) === "inside") return inside().remove(path);
    await beforeChange();
    if (kindOf(path) === "ours" || !isAgents(path)) return local.remove(path);
    // The folder is an entry of a folder of tac8, so its owner cannot remove it. Its content can only be removed by its owner.
    const failure: unknown = await inside()
      .remove(path)
      .then(
        () => null,
        (error: unknown) => error,
      );
    await beforeChange();
    await local.removeEmpty(path);
    if ((await local.stat(path)) !== null) throw failure ?? new Error(`${path} cannot be removed`);
  };
  return {
    exists: async (path) => from(path).exists(path),
    stat: async (path) => (isBusy() && isEntry(path, options) ? local : from(path)).stat(path),
    realPath: async (path) => from(path).realPath(path),
    list: async (folder, max) => into(folder).list(folder, max),
    readFile: async (path, max) => into(path).readFile(path, max),
    writeFile: async (path, content, mode) => into(path).writeFile(path, content, mode),
    makeFolder: make,
    makeFolderPrivate: async (path) => into(path).makeFolderPrivate(path),
    addOwnerRights: async (path) => into(path).addOwnerRights(path),
    addOwnerRightsInTree: async (path) => into(path).addOwnerRightsInTree(path),
    remove,
    removeEmpty: async (path) => from(path).removeEmpty(path),
    async move(source, to) {
      const ours = [source, to].filter((path) => kindOf(path) !== "inside");
      if (ours.length === 0) return inside().move(source, to);
      if (ours.length === 1)
        throw new Error(`cannot move ${source} to ${to}: one is on the agent side, the other on the clean side`);
      await beforeChange();
      return local.move(source, to);
    },
    copy: async (source, to) => inside().copy(source, to),
  };
}

function isBeside(path: string, root: string): boolean {
  return path.startsWith(`${root}.`) && !path.slice(root.length).includes("/");
}
