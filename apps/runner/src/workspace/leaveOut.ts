import type { LeftOutReason } from "@tac8/core/domain/leftOut";
import { isGeneratedFile } from "./generated.ts";
import { holdsSecret } from "./secretFiles.ts";

/** A file of a worktree that differs from HEAD. */
export interface UncommittedFile {
  /** Path in the worktree, with slashes. Each character is one byte, because names need not be text. */
  readonly path: string;
  /** Whether HEAD has the file. */
  readonly tracked: boolean;
  /** `folder`: its files were not listed. `unreadable`: its type or its content cannot be read. */
  readonly kind: "file" | "link" | "missing" | "repository" | "folder" | "unreadable" | "other";
  readonly size: number;
  /** First bytes of a file, at most `HEAD_BYTES`. Empty for every other kind. */
  readonly head: Buffer;
  /** Value of the git attribute `filter`. */
  readonly filter: string | null;
}

/** Number of bytes that are read: enough for the first lines of a key, and for the header of a memory dump. */
export const HEAD_BYTES = 4096;

const MB = 1_000_000;
/** GitHub refuses a push with a larger file. */
export const MAX_PUSHED_BYTES = 95 * MB;
const MAX_BYTES = 5 * MB;
const MAX_TOTAL_BYTES = 50 * MB;
/** Maximum number of files to read. A larger number of uncommitted files is generated, not forgotten work. */
export const MAX_FILES = 5000;

/**
 * Return why an uncommitted file of an agent is left out of tac8's commit, or null if it is included. A file that HEAD already has is
 * included, whatever it contains. Pure.
 */
export function whyLeftOut(file: UncommittedFile): LeftOutReason | null {
  const { path, tracked, kind, size, head, filter } = file;
  if (kind === "missing") return null;
  if (kind === "repository") return "repository";
  if (kind === "folder") return "total";
  if (kind === "unreadable") return "unreadable";
  if (kind === "other") return "special";
  if (kind === "file" && needsFilter(filter, head)) return "filter";
  if (tracked) return size > MAX_PUSHED_BYTES ? "huge" : null;
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (isTemporary(name)) return "temporary";
  if (isGeneratedFile(path)) return "generated";
  if (kind === "link") return null;
  if (isDump(name, head)) return "dump";
  if (size === 0) return isEmptyDotfile(name) ? "empty" : null;
  if (holdsSecret(path, head)) return "secret";
  return size > MAX_BYTES ? "huge" : null;
}

export interface Decided {
  /** Paths to commit. */
  readonly save: readonly string[];
  readonly leave: readonly { readonly path: string; readonly why: LeftOutReason }[];
}

/** Decide which files are committed, also by their total size. Pure. */
export function decideOn(files: readonly UncommittedFile[]): Decided {
  const save: string[] = [];
  const leave: { path: string; why: LeftOutReason }[] = [];
  const fresh: UncommittedFile[] = [];
  for (const file of files) {
    const why = whyLeftOut(file);
    if (why !== null) leave.push({ path: file.path, why });
    else if (file.tracked) save.push(file.path);
    else fresh.push(file);
  }
  let bytes = 0;
  // Small files first: if the limit is reached, source files are included.
  for (const { path, size } of fresh.toSorted((a, b) => a.size - b.size)) {
    bytes += size;
    if (bytes > MAX_TOTAL_BYTES) leave.push({ path, why: "total" });
    else save.push(path);
  }
  return { save: save.toSorted(byName), leave: leave.toSorted((a, b) => byName(a.path, b.path)) };
}

const byName = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Return whether the file must not be committed without its filter, because its content would be pushed instead of a pointer, or unencrypted. */
function needsFilter(filter: string | null, head: Buffer): boolean {
  if (filter === "lfs") return !head.toString("latin1").startsWith("version https://git-lfs.github.com/spec/");
  return filter !== null && /crypt|vault|sops|secret|seal|\bage\b|gpg/i.test(filter);
}

/** Return whether it is a temporary file of vim, Emacs, Kate and others, or one that NFS or FUSE keeps for a removed file that was open. */
function isTemporary(name: string): boolean {
  return /^\..*\.sw[a-p]$|^\.#|^#.*#$|~$|\.kate-swp$|^\.nfs[0-9a-f]{8,}$|^\.fuse_hidden/.test(name);
}

/** Return whether the file is a dump of a process or of a heap. */
function isDump(name: string, head: Buffer): boolean {
  const isElf = head.length > 17 && head.toString("latin1", 0, 4) === "\x7fELF";
  // `e_type`, in the byte order that `e_ident` names.
  const type = isElf ? (head[5] === 2 ? head.readUInt16BE(16) : head.readUInt16LE(16)) : 0;
  return type === 4 || /^(?:vg)?core\.\d+$|\.(?:hprof|heapsnapshot|heapprofile|mdmp|dmp)$/i.test(name);
}

/** Names of empty files that have a meaning. */
const MARKERS =
  /^\.(?:.*keep|.*ignore|placeholder|empty|nojekyll|gitattributes|gitmodules|editorconfig|.*rc|.*rc\.\w+|htaccess)$/;
/** Files of a home folder that sandboxes create empty, as mount points. */
const HOME_FILES = /^\.(?:bashrc|zshrc|npmrc|wgetrc|curlrc|inputrc|vimrc|screenrc|ripgreprc|netrc|pypirc)$/;

function isEmptyDotfile(name: string): boolean {
  return name.startsWith(".") && (HOME_FILES.test(name) || !MARKERS.test(name));
}
