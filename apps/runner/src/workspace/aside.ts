import { basename, join } from "node:path";
import type { AgentPlace } from "../place/place.ts";
import type { WorkspacePaths } from "./paths.ts";

/**
 * Moves what is there to a name beside its own, so that a person can look at it: the tree alone, or with its
 * repository. @returns the tree's new place, or the repository's where there was no tree.
 */
export async function putAside(
  place: AgentPlace,
  { tree, gitDir }: WorkspacePaths,
  { stamp, what }: { readonly stamp: string; readonly what: "tree" | "both" },
): Promise<string> {
  const treeAside = `${tree}.kept-${stamp}`;
  const gitAside = `${gitDir}.kept-${stamp}`;
  const moveGit = what === "both" && (await place.stat(gitDir)) !== null;
  if (moveGit) await place.move(gitDir, gitAside);
  const found = await place.stat(tree);
  if (found === null) return gitAside;
  await place.move(tree, treeAside);
  if (found.kind === "folder") {
    await pointTo(place, treeAside, moveGit ? join(gitAside, "worktrees", basename(tree)) : null);
  }
  return treeAside;
}

/** A worktree knows its repository by a file `.git`; left as it is, git in the old tree would work on the new one. */
async function pointTo(place: AgentPlace, tree: string, gitDir: string | null): Promise<void> {
  const file = join(tree, ".git");
  const found = await place.stat(file);
  if (found === null || found.kind === "folder") return;
  await place.remove(file);
  if (gitDir !== null) await place.writeFile(file, `gitdir: ${gitDir}\n`);
}
