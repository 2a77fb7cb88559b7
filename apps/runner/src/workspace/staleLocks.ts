import { join } from "node:path";
import { listIfThere, type Files } from "../files/files.ts";

/** Big, and without locks that stop a git. */
const SKIPPED = new Set(["objects", "hooks", "logs"]);

/**
 * Removes the lock files of a git that was killed: of the index, of HEAD, of refs and of settings. The caller sees to it
 * that no live git writes here, but for `except`: folders of the repository, such as `refs/x`. Nothing there is no error; links are not followed.
 */
export async function removeStaleLocks(files: Files, gitDir: string, except: readonly string[] = []): Promise<void> {
  const spared = new Set(except.map((name) => join(gitDir, name)));
  for (const entry of await listIfThere(files, gitDir)) {
    if (entry.kind === "folder" && !SKIPPED.has(entry.name)) await sweep(files, join(gitDir, entry.name), spared);
    else if (entry.name.endsWith(".lock")) await files.remove(join(gitDir, entry.name));
  }
}

/** No ref and no worktree can have a name that ends in `.lock`. */
async function sweep(files: Files, dir: string, spared: ReadonlySet<string>): Promise<void> {
  for (const entry of await listIfThere(files, dir)) {
    const path = join(dir, entry.name);
    if (entry.name.endsWith(".lock")) await files.remove(path);
    else if (entry.kind === "folder" && !spared.has(path)) await sweep(files, path, spared);
  }
}
