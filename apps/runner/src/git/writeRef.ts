import { access, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readRef } from "./refFiles.ts";

/** Number of tries. Git removes empty folders of refs, even one that was just created. */
const TRIES = 5;

export interface OwnRef {
  /** A repository of the clean side, whose refs are files. */
  readonly dir: string;
  /** Full name. The caller is the only writer, so an existing lock is from a process that has died. */
  readonly name: string;
}

/**
 * Point a ref of tac8 at an object, by git's protocol: a reader sees the old or the new one, and git, which may pack
 * refs meanwhile, does not touch a locked ref. Starts no process. @throws Error of the system
 */
export async function writeOwnRef({ dir, name }: OwnRef, sha: string): Promise<void> {
  const path = join(dir, name);
  const lock = await takeLock({ dir, name }, `${sha}\n`);
  await rename(lock, path);
}

/** Remove a ref of tac8. @returns false if git has packed it, so only git can remove it @throws Error of the system */
export async function removeOwnRef({ dir, name }: OwnRef): Promise<boolean> {
  const path = join(dir, name);
  const lock = await takeLock({ dir, name }, "");
  await rm(path, { force: true });
  await rm(lock, { force: true });
  return (await readRef(dir, name)) === null;
}

async function takeLock({ dir, name }: OwnRef, text: string): Promise<string> {
  await access(join(dir, "refs")); // Do not create an incomplete repository.
  const lock = join(dir, `${name}.lock`);
  for (let tries = 1; ; tries += 1) {
    await mkdir(dirname(lock), { recursive: true });
    await rm(lock, { force: true });
    try {
      // Flushed, like git does: an empty ref after a power failure would count as damage.
      await writeFile(lock, text, { flag: "wx", flush: true });
      return lock;
    } catch (error) {
      await rm(lock, { force: true });
      if ((error as NodeJS.ErrnoException).code !== "ENOENT" || tries === TRIES) throw error;
    }
  }
}
