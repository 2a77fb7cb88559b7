import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** Big, and without locks that stop a git. */
const SKIPPED = new Set(["objects", "hooks", "logs"]);

/**
 * Removes the lock files of a git that was killed: of the index, of HEAD, of refs and of settings. The caller sees to it
 * that no live git writes here, but for `except`: folders of the repository, such as `refs/x`. Nothing there is no error; links are not followed.
 */
export async function removeStaleLocks(gitDir: string, except: readonly string[] = []): Promise<void> {
  const spared = new Set(except.map((name) => join(gitDir, name)));
  for (const entry of await list(gitDir)) {
    if (entry.isDirectory() && !SKIPPED.has(entry.name)) await sweep(join(gitDir, entry.name), spared);
    else if (entry.name.endsWith(".lock")) await rm(join(gitDir, entry.name), { force: true, recursive: true });
  }
}

/** No ref and no worktree can have a name that ends in `.lock`. */
async function sweep(dir: string, spared: ReadonlySet<string>): Promise<void> {
  for (const entry of await list(dir)) {
    const path = join(dir, entry.name);
    if (entry.name.endsWith(".lock")) await rm(path, { force: true, recursive: true });
    else if (entry.isDirectory() && !spared.has(path)) await sweep(path, spared);
  }
}

async function list(dir: string) {
  try {
    return await readdir(dir, { withFileTypes: true });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
}
