import { chmod, lstat, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { look } from "./aside.ts";
import { removeLockFiles } from "./lock.ts";
import type { WorkspacePaths } from "./paths.ts";

/**
 * Removes an issue's workspace, and its home folder unless its session goes on in the next round. The caller holds its lock
 * and has made sure that all of value is on GitHub.
 */
export async function removeWorkspace(
  paths: WorkspacePaths,
  { keepsSession }: { readonly keepsSession: boolean },
): Promise<void> {
  // First, and at once: half of a workspace would look like one with work in it.
  const going = `${paths.gitDir}.going`;
  if (look(paths.gitDir) !== null) {
    await removeTree(going);
    await rename(paths.gitDir, going);
  }
  await removeTree(paths.tree);
  await removeTree(going);
  if (!keepsSession) await removeTree(paths.homeDir);
  // Not before the repository: without them, files in it would count as an older version's notes.
  await removeTree(paths.notesDir);
  await rm(paths.former.promptFile, { force: true });
  await removeLockFiles(paths);
}

/** Agents' tools leave folders that not even their owner may write to (module caches do): these are opened first. */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    // The program goes down folder by folder, and needs no name of the whole path.
    if (code === "ENAMETOOLONG") await execa("rm", ["-rf", "--", path], { reject: false });
    else if (code !== "EACCES" && code !== "EPERM" && code !== "ENOTEMPTY") throw error;
    await openUp(path);
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
  }
}

/**
 * Lets the owner into all folders of a tree, but for those that are another user's. Nothing there is no error; links are not
 * followed.
 */
export async function openUp(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (found?.isDirectory() !== true) return;
  try {
    await chmod(path, 0o700);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") throw error;
  }
  const names = await readdir(path).catch(() => []); // Whoever needs what is in it says so.
  for (const name of names) await openUp(join(path, name));
}
