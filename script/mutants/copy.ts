import { execFile } from "node:child_process";
import { copyFile, mkdir, readdir, readlink, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const OURS = "@tac8";

/** Copy the checkout with its uncommitted files. Installed packages are links; the packages of the workspace are those of the copy. */
export async function copyCheckout(root: string, target: string): Promise<void> {
  const list = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
  const { stdout } = await run("git", list, { cwd: root, maxBuffer: 64 * 1024 * 1024 });
  for (const path of new Set(stdout.split("\0"))) {
    if (path === "") continue;
    await mkdir(join(target, dirname(path)), { recursive: true });
    await copyFile(join(root, path), join(target, path)).catch(ignoreDeleted);
  }
  await linkPackages(join(root, "node_modules"), join(target, "node_modules"));
}

async function linkPackages(from: string, to: string): Promise<void> {
  await mkdir(join(to, OURS), { recursive: true });
  for (const name of await readdir(from)) {
    // Each copy has its own caches and reports.
    if (name !== OURS && (name === ".bin" || !name.startsWith("."))) await symlink(join(from, name), join(to, name));
  }
  for (const name of await readdir(join(from, OURS))) {
    // A relative link leads to the package of the copy.
    await symlink(await readlink(join(from, OURS, name)), join(to, OURS, name));
  }
}

/** Ignore the error of a file that was deleted in the checkout and not committed, or while the copy is made. */
function ignoreDeleted(error: unknown): void {
  if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
}
