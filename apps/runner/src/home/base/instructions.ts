import { posix } from "node:path";

/** `@docs/style.md` in a file of instructions, as Claude Code reads it. */
const IMPORT = /(?:^|\s)@((?:[^\s\\]|\\ )+)/g;
/** One file may name anything as often as it wants. */
const MAX_IMPORTS = 100;

/** Pure. The files of the repository that the instructions in `path` import; what is outside of it is not among them. */
export function importsOf(text: string, path: string): string[] {
  const found = new Set<string>();
  for (const [, written = ""] of text.matchAll(IMPORT)) {
    const name = written.replaceAll("\\ ", " ").replace(/#.*$/, "");
    if (name === "" || name.startsWith("/") || name.startsWith("~")) continue;
    const target = posix.normalize(posix.join(posix.dirname(path), name));
    if (!target.startsWith("../") && target !== "..") found.add(target);
    if (found.size === MAX_IMPORTS) break;
  }
  return [...found];
}

/** Pure. A link in a repository: the file or folder that it names, from the repository's root; null: it leads out of it. */
export function linkTarget(text: string, path: string): string | null {
  if (text.startsWith("/") || text.includes("\n")) return null;
  const target = posix.normalize(posix.join(posix.dirname(path), text));
  return target.startsWith("../") || target === ".." ? null : target.replace(/\/$/, "");
}

/**
 * Pure. The instructions of a folder as a rule of Claude Code, which reads it as soon as it reads a file there; null: the
 * folder's name cannot be written as a pattern.
 */
export function folderRule(folder: string, text: string): string | null {
  if (!/^[\p{L}\p{N} ._@/+-]+$/u.test(folder)) return null;
  return `---\npaths: ${JSON.stringify(`${folder}/**`)}\n---\n${text}`;
}
