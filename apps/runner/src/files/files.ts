/** Bytes where a name need not be text. */
export type Path = string | Buffer;

export type Kind = "file" | "folder" | "link" | "other";

/** What is at a path itself, also where that is a link to nowhere. */
export interface Found {
  readonly kind: Kind;
  /** Bytes. */
  readonly size: number;
  /** Bytes that it takes on the disk. */
  readonly used: number;
  /** Epoch ms. */
  readonly mtimeMs: number;
  /** Epoch ms of the last change of what is there, or of its name. */
  readonly ctimeMs: number;
}

export interface Entry {
  readonly name: string;
  readonly kind: Kind;
}

/**
 * The files and folders of one side. An agent may have made anything on its own side, so `stat`, `readFile`, `writeFile`,
 * `openTree`, `move`, `remove` and `copy` follow no link at the end of a path; look before the others. What cannot be done is an
 * error of the system, with its `code`. Where a whole side cannot be reached, every call rejects with a StepFailure.
 */
export interface Files {
  /** Whether a file or folder is there; a link is followed, and one to nowhere is none. No error of the system rejects. */
  exists(path: string): Promise<boolean>;
  /** Null: nothing is there. */
  stat(path: Path): Promise<Found | null>;
  /** In no order; `max`: of a folder that may have any number of them, the first ones. */
  list(folder: Path, max?: number): Promise<Entry[]>;
  /** The beginning of a plain file; null where there is none that can be read. A pipe or a device is not waited for. */
  readFile(path: Path, maxBytes: number): Promise<Buffer | null>;
  /** A new file: an error where something is there. `mode`: default 0666 without the umask. */
  writeFile(path: string, content: string | Buffer, mode?: number): Promise<void>;
  /** With those above it. A folder that is there stays as it is. */
  makeFolder(path: string, mode?: number): Promise<void>;
  /** Gives the owner of a folder all rights to it, and nobody else any. */
  ownFolder(path: string): Promise<void>;
  /** Adds the owner's rights to those that a folder has. */
  openFolder(path: string): Promise<void>;
  /** The same for a whole tree, but for folders that are another user's. Nothing there is no error. */
  openTree(path: string): Promise<void>;
  move(from: string, to: string): Promise<void>;
  /** A file or a whole folder, also one that its owner may not write to. Nothing there is no error. */
  remove(path: string): Promise<void>;
  /** A folder that nothing is in. Any other, or nothing there, is no error. */
  removeEmpty(path: string): Promise<void>;
  /** A file or a whole folder, without links, pipes and devices in it. */
  copy(from: string, to: string): Promise<void>;
  realPath(path: string): Promise<string>;
}

/** The beginning of a plain file, as UTF-8; null where there is none. */
export async function readText(files: Pick<Files, "readFile">, path: string, maxBytes: number): Promise<string | null> {
  return (await files.readFile(path, maxBytes))?.toString("utf8") ?? null;
}

/** Nothing there is no error. */
export async function listIfThere(files: Pick<Files, "list">, folder: string): Promise<Entry[]> {
  try {
    return await files.list(folder);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
}
