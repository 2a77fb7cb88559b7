import { basename, join } from "node:path";
import type { AgentPlace } from "../agentPlace/place.ts";
import type { WorkspacePaths } from "./paths.ts";

/**
 * Move a worktree, alone or with its repository, to a name beside it, so that the operator can read it.
 * @returns the new path of the worktree, or of the repository if there was no worktree
 */
export async function quarantine(
  place: AgentPlace,
  { tree, gitDir }: WorkspacePaths,
  { quarantineSuffix, what }: { readonly quarantineSuffix: string; readonly what: "tree" | "both" },
): Promise<string> {
  const quarantinedTree = `${tree}.kept-${quarantineSuffix}`;
  const quarantinedGit = `${gitDir}.kept-${quarantineSuffix}`;
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

/** Change the file `.git` of a quarantined worktree. Otherwise, git in the old worktree would work on the new repository. */
async function pointTo(place: AgentPlace, tree: string, gitDir: string | null): Promise<void> {
  const file = join(tree, ".git");
  const found = await place.stat(file);
  if (found === null || found.kind === "folder") return;
  await place.remove(file);
  if (gitDir !== null) await place.writeFile(file, `gitdir: ${gitDir}\n`);
}
