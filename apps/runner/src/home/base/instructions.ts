import { posix } from "node:path";

/** An import such as `@docs/style.md` in a file of instructions, as Claude Code parses it. */
const IMPORT = /(?:^|\s)@((?:[^\s\\]|\\ )+)/g;
/** Limit of imports, because one file may import anything as often as it wants. */
const MAX_IMPORTS = 100;

/**
 * Return the files of the repository that the instructions in `path` import, without files outside the repository.
 * Pure.
 */
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

/** Return the target of a link, from the repository's root; null if it leads out of the repository. Pure. */
export function linkTarget(text: string, path: string): string | null {
  if (text.startsWith("/") || text.includes("\n")) return null;
  const target = posix.normalize(posix.join(posix.dirname(path), text));
  return target.startsWith("../") || target === ".." ? null : target.replace(/\/$/, "");
}

/**
 * Return the instructions of a folder as a rule of Claude Code, which loads it as soon as it reads a file in that
 * folder; null if the folder's name cannot be written as a pattern. Pure.
 */
export function folderRule(folder: string, text: string): string | null {
  if (!/^[\p{L}\p{N} ._@/+-]+$/u.test(folder)) return null;
  return `---\npaths: ${JSON.stringify(`${folder}/**`)}\n---\n${text}`;
}
