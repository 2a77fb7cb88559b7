import type { AgentPlace } from "../place/place.ts";
import { removeLockFiles } from "./lock.ts";
import { removeNotes } from "./notes.ts";
import type { WorkspacePaths } from "./paths.ts";

/**
 * Removes an issue's workspace, and its home folder unless its session continues in the next round. The caller holds its lock
 * and has made sure that all of value is on GitHub.
 */
export async function removeWorkspace(
  place: AgentPlace,
  paths: WorkspacePaths,
  { keepsSession }: { readonly keepsSession: boolean },
): Promise<void> {
  // First, and at once: half of a workspace would look like one with work in it.
  const going = `${paths.gitDir}.going`;
  if ((await place.stat(paths.gitDir)) !== null) {
    await place.remove(going);
    await place.move(paths.gitDir, going);
  }
  await place.remove(paths.tree);
  await place.remove(going);
  if (!keepsSession) await place.remove(paths.homeDir);
  // Not before the repository: without them, files in it would count as an older version's notes.
  await removeNotes(paths);
  await place.remove(paths.former.promptFile);
  await removeLockFiles(paths);
}
