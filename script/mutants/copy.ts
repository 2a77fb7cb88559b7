import { execFile } from "node:child_process";
import { copyFile, mkdir, readdir, readlink, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const OURS = "@tac8";

/** Copies the checkout as it is now, uncommitted files included; installed packages are linked to, our own are the copy's. */
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
    // Caches and reports are each copy's own.
    if (name !== OURS && (name === ".bin" || !name.startsWith("."))) await symlink(join(from, name), join(to, name));
  }
  for (const name of await readdir(join(from, OURS))) {
    // Relative, so it leads to the copy's package.
    await symlink(await readlink(join(from, OURS, name)), join(to, OURS, name));
  }
}

/** Deleted in the checkout, but not yet in git; or by an account that edits it meanwhile. */
function ignoreDeleted(error: unknown): void {
  if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
}
