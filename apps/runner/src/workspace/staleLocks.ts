import { join } from "node:path";
import { listIfThere, type Files } from "../files/files.ts";

/** Large folders without locks that stop git. */
const SKIPPED = new Set(["objects", "hooks", "logs"]);

/**
 * Remove the lock files of a killed git: of the index, of HEAD, of refs and of settings. The caller makes sure that no live git writes
 * in the repository. A missing repository is no error, and links are not followed.
 * @param except folders of the repository in which a live git may write, such as `refs/x`
 */
export async function removeStaleLocks(files: Files, gitDir: string, except: readonly string[] = []): Promise<void> {
  const spared = new Set(except.map((name) => join(gitDir, name)));
  for (const entry of await listIfThere(files, gitDir)) {
    if (entry.kind === "folder" && !SKIPPED.has(entry.name)) await sweep(files, join(gitDir, entry.name), spared);
    else if (entry.name.endsWith(".lock")) await files.remove(join(gitDir, entry.name));
  }
}

/** Remove the files whose names end with `.lock`. No ref and no worktree can have such a name. */
async function sweep(files: Files, dir: string, spared: ReadonlySet<string>): Promise<void> {
  for (const entry of await listIfThere(files, dir)) {
    const path = join(dir, entry.name);
    if (entry.name.endsWith(".lock")) await files.remove(path);
    else if (entry.kind === "folder" && !spared.has(path)) await sweep(files, path, spared);
  }
}
