import type { LeftOutReason } from "@tac8/core/domain/leftOut";
import { isGeneratedFile } from "./generated.ts";
import { holdsSecret } from "./secretFiles.ts";

/** A file of a worktree that differs from HEAD. */
export interface UncommittedFile {
  /** In the worktree, with slashes: a character for each byte, because names need not be text. */
  readonly path: string;
  /** HEAD has it. */
  readonly tracked: boolean;
  /** `folder`: one that was not listed; `unreadable`: what it is, or what is in it, cannot be read. */
  readonly kind: "file" | "link" | "missing" | "repository" | "folder" | "unreadable" | "other";
  readonly size: number;
  /** Its first bytes, at most `HEAD_BYTES`; of a file alone. */
  readonly head: Buffer;
  /** Value of its attribute `filter`. */
  readonly filter: string | null;
}

/** Enough for the first lines of a key, and for the header of a memory dump. */
export const HEAD_BYTES = 4096;

const MB = 1_000_000;
/** GitHub refuses a push with a larger file. */
export const MAX_PUSHED_BYTES = 95 * MB;
const MAX_BYTES = 5 * MB;
const MAX_TOTAL_BYTES = 50 * MB;
/** Files that are not read any more: more than this is no work that somebody forgot to commit. */
export const MAX_FILES = 5000;

/**
 * Return why a file that an agent left uncommitted stays out of the commit that tac8 makes; null: it goes in. A file that
 * HEAD has is wanted, whatever it holds. Pure.
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

/** Decide on all of them, also by what they are together. Pure. */
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
  // Small ones first: where not all of them fit, sources do.
  for (const { path, size } of fresh.toSorted((a, b) => a.size - b.size)) {
    bytes += size;
    if (bytes > MAX_TOTAL_BYTES) leave.push({ path, why: "total" });
    else save.push(path);
  }
  return { save: save.toSorted(byName), leave: leave.toSorted((a, b) => byName(a.path, b.path)) };
}

const byName = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Without its filter the content would go to GitHub as it is: large where a pointer is expected, or not encrypted. */
function needsFilter(filter: string | null, head: Buffer): boolean {
  if (filter === "lfs") return !head.toString("latin1").startsWith("version https://git-lfs.github.com/spec/");
  return filter !== null && /crypt|vault|sops|secret|seal|\bage\b|gpg/i.test(filter);
}

/** Of vim, Emacs, Kate and others; and what NFS and FUSE leave of a file that was open when it was removed. */
function isTemporary(name: string): boolean {
  return /^\..*\.sw[a-p]$|^\.#|^#.*#$|~$|\.kate-swp$|^\.nfs[0-9a-f]{8,}$|^\.fuse_hidden/.test(name);
}

/** Of a process or of a heap. */
function isDump(name: string, head: Buffer): boolean {
  const isElf = head.length > 17 && head.toString("latin1", 0, 4) === "\x7fELF";
  // `e_type`, in the byte order that `e_ident` names.
  const type = isElf ? (head[5] === 2 ? head.readUInt16BE(16) : head.readUInt16LE(16)) : 0;
  return type === 4 || /^(?:vg)?core\.\d+$|\.(?:hprof|heapsnapshot|heapprofile|mdmp|dmp)$/i.test(name);
}

/** Empty files that mean something by being there. */
const MARKERS =
  /^\.(?:.*keep|.*ignore|placeholder|empty|nojekyll|gitattributes|gitmodules|editorconfig|.*rc|.*rc\.\w+|htaccess)$/;
/** Files of a home folder, which sandboxes put there as places to mount something on. */
const HOME_FILES = /^\.(?:bashrc|zshrc|npmrc|wgetrc|curlrc|inputrc|vimrc|screenrc|ripgreprc|netrc|pypirc)$/;

function isEmptyDotfile(name: string): boolean {
  return name.startsWith(".") && (HOME_FILES.test(name) || !MARKERS.test(name));
}
