import { access, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readRef } from "./refFiles.ts";

/** Git removes folders of refs that are empty, also one that was made just now. */
const TRIES = 5;

export interface OwnRef {
  /** A repository of the clean side, whose refs are files. */
  readonly dir: string;
  /** In full. The caller is its only writer, so a lock that is there has been left by a process that died. */
  readonly name: string;
}

/**
 * Point a ref of our own at an object, by git's protocol: a reader sees the old or the new one, and git, which may pack refs
 * meanwhile, keeps away from a locked one. Starts no process. @throws Error of the system
 */
export async function writeOwnRef({ dir, name }: OwnRef, sha: string): Promise<void> {
  const path = join(dir, name);
  const lock = await takeLock({ dir, name }, `${sha}\n`);
  await rename(lock, path);
}

/**
 * Remove a ref of our own. @returns false: git has packed it, so that only git can take it out @throws Error of the system
 */
export async function removeOwnRef({ dir, name }: OwnRef): Promise<boolean> {
  const path = join(dir, name);
  const lock = await takeLock({ dir, name }, "");
  await rm(path, { force: true });
  await rm(lock, { force: true });
  return (await readRef(dir, name)) === null;
}

async function takeLock({ dir, name }: OwnRef, text: string): Promise<string> {
  await access(join(dir, "refs")); // No half of a repository is made.
  const lock = join(dir, `${name}.lock`);
  for (let tries = 1; ; tries += 1) {
    await mkdir(dirname(lock), { recursive: true });
    await rm(lock, { force: true });
    try {
      // Flushed, as git does: an empty ref after a power cut would count as damage.
      await writeFile(lock, text, { flag: "wx", flush: true });
      return lock;
    } catch (error) {
      await rm(lock, { force: true });
      if ((error as NodeJS.ErrnoException).code !== "ENOENT" || tries === TRIES) throw error;
    }
  }
}
