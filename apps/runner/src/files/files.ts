/** A path; a buffer if it may not be valid text. */
export type Path = string | Buffer;

export type Kind = "file" | "folder" | "link" | "other";

/** The entry at a path itself, even if it is a broken link. */
export interface Found {
  readonly kind: Kind;
  /** Bytes. */
  readonly size: number;
  /** Bytes on the disk. */
  readonly used: number;
  /** Epoch ms. */
  readonly mtimeMs: number;
  /** Epoch ms of the last change of the content, the metadata or the name. */
  readonly ctimeMs: number;
}

export interface Entry {
  readonly name: string;
  readonly kind: Kind;
}

/**
 * File operations on one side. Agents can create anything on their own side, so `stat`, `readFile`, `writeFile`,
 * `addOwnerRightsInTree`, `move`, `remove` and `copy` do not follow a link at the end of a path. Check the other parts of a path
 * yourself. A failed operation rejects with the system's error and its `code`. If the whole side is unreachable, every
 * call rejects with a StepFailure.
 */
export interface Files {
  /**
   * Return whether a file or folder exists. A link is followed, and a broken link does not count. No system error
   * rejects.
   */
  exists(path: string): Promise<boolean>;
  /** Null if nothing exists at the path. */
  stat(path: Path): Promise<Found | null>;
  /** List in no order. `max`: only the first entries, for a folder that may have any number of them. */
  list(folder: Path, max?: number): Promise<Entry[]>;
  /** Read the beginning of a plain file; null if there is none that can be read. Never waits for a pipe or a device. */
  readFile(path: Path, maxBytes: number): Promise<Buffer | null>;
  /** Create a file; an error if the path exists. `mode`: default 0666 without the umask. */
  writeFile(path: string, content: string | Buffer, mode?: number): Promise<void>;
  /** Create a folder and its parents. An existing folder stays unchanged. */
  makeFolder(path: string, mode?: number): Promise<void>;
  /** Give the owner of a folder all rights to it, and other users none. */
  makeFolderPrivate(path: string): Promise<void>;
  /** Add the owner's rights to the rights of a folder. */
  addOwnerRights(path: string): Promise<void>;
  /** Add the owner's rights in a whole tree, except to folders of other users. A missing tree is not an error. */
  addOwnerRightsInTree(path: string): Promise<void>;
  move(from: string, to: string): Promise<void>;
  /** Remove a file or a whole folder, even if its owner may not write to it. A missing one is not an error. */
  remove(path: string): Promise<void>;
  /** Remove an empty folder. Any other folder, or a missing one, is not an error. */
  removeEmpty(path: string): Promise<void>;
  /** Copy a file or a whole folder, without the links, pipes and devices in it. */
  copy(from: string, to: string): Promise<void>;
  realPath(path: string): Promise<string>;
}

/** Read the beginning of a plain file as UTF-8; null if there is none. */
export async function readText(files: Pick<Files, "readFile">, path: string, maxBytes: number): Promise<string | null> {
  return (await files.readFile(path, maxBytes))?.toString("utf8") ?? null;
}

/** List a folder; a missing one is empty. */
export async function listIfThere(files: Pick<Files, "list">, folder: string): Promise<Entry[]> {
  try {
    return await files.list(folder);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
}
