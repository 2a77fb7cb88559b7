import { lstatSync, type Stats } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { WorkspacePaths } from "./paths.ts";

/**
 * Moves what is there to a name beside its own, so that a person can look at it: the tree alone, or with its
 * repository. @returns the tree's new place, or the repository's where there was no tree.
 */
export async function putAside(
  { tree, gitDir }: WorkspacePaths,
  { stamp, what }: { readonly stamp: string; readonly what: "tree" | "both" },
): Promise<string> {
  const treeAside = `${tree}.kept-${stamp}`;
  const gitAside = `${gitDir}.kept-${stamp}`;
  const moveGit = what === "both" && look(gitDir) !== null;
  if (moveGit) await rename(gitDir, gitAside);
  const found = look(tree);
  if (found === null) return gitAside;
  await rename(tree, treeAside);
  if (found.isDirectory()) await pointTo(treeAside, moveGit ? join(gitAside, "worktrees", basename(tree)) : null);
  return treeAside;
}

/** A worktree knows its repository by a file `.git`; left as it is, git in the old tree would work on the new one. */
async function pointTo(tree: string, gitDir: string | null): Promise<void> {
  const file = join(tree, ".git");
  const found = look(file);
  if (found === null || found.isDirectory()) return;
  await rm(file);
  if (gitDir !== null) await writeFile(file, `gitdir: ${gitDir}\n`, { flag: "wx" });
}

/** What is at this place itself, also when it is a link to nowhere. */
export function look(path: string): Stats | null {
  return lstatSync(path, { throwIfNoEntry: false }) ?? null;
}
