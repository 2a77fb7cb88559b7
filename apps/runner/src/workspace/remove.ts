import type { AgentPlace } from "../agentPlace/place.ts";
import { removeLockFiles } from "./lock.ts";
import { removeNotes } from "./notes.ts";
import type { WorkspacePaths } from "./paths.ts";

/**
 * Remove an issue's workspace, and its home folder unless its session continues in the next round. The caller holds the lock of the
 * workspace, and has checked that all work is on GitHub.
 */
export async function removeWorkspace(
  place: AgentPlace,
  paths: WorkspacePaths,
  { keepsSession }: { readonly keepsSession: boolean },
): Promise<void> {
  // Renamed first, in one step, because a partly removed workspace would seem to have work in it.
  const going = `${paths.gitDir}.going`;
  if ((await place.stat(paths.gitDir)) !== null) {
    await place.remove(going);
    await place.move(paths.gitDir, going);
  }
  await place.remove(paths.tree);
  await place.remove(going);
  if (!keepsSession) await place.remove(paths.homeDir);
  // After the repository, because without the notes, files in the repository would count as notes of an older version.
  await removeNotes(paths);
  await place.remove(paths.former.promptFile);
  await removeLockFiles(paths);
}
