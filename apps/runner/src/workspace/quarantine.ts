import { basename, join } from "node:path";
import type { AgentPlace } from "../place/place.ts";
import type { WorkspacePaths } from "./paths.ts";

/**
 * Moves what is there to a name beside its own, so that a user can read it: the tree alone, or with its
 * repository. @returns the tree's new place, or the repository's where there was no tree.
 */
export async function quarantine(
  place: AgentPlace,
  { tree, gitDir }: WorkspacePaths,
  { stamp, what }: { readonly stamp: string; readonly what: "tree" | "both" },
): Promise<string> {
  const quarantinedTree = `${tree}.kept-${stamp}`;
  const quarantinedGit = `${gitDir}.kept-${stamp}`;
  const moveGit = what === "both" && (await place.stat(gitDir)) !== null;
  if (moveGit) await place.move(gitDir, quarantinedGit);
  const found = await place.stat(tree);
  if (found === null) return quarantinedGit;
  await place.move(tree, quarantinedTree);
  if (found.kind === "folder") {
    await pointTo(place, quarantinedTree, moveGit ? join(quarantinedGit, "worktrees", basename(tree)) : null);
  }
  return quarantinedTree;
}

/** A worktree knows its repository by a file `.git`; left as it is, git in the old tree would work on the new one. */
async function pointTo(place: AgentPlace, tree: string, gitDir: string | null): Promise<void> {
  const file = join(tree, ".git");
  const found = await place.stat(file);
  if (found === null || found.kind === "folder") return;
  await place.remove(file);
  if (gitDir !== null) await place.writeFile(file, `gitdir: ${gitDir}\n`);
}
