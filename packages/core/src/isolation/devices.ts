import { execFile } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { chown, lstat, mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { DEVICES } from "./arguments.ts";

const run = promisify(execFile);
/** Id of the user and group `nobody`. No sandbox maps it, so no program inside owns the nodes. */
const NOBODY = 65_534;
const MODE = 0o666;
const LIMIT_MS = 10_000;

/** No folder allows device nodes. The message is one line for the operator. */
export class NoDevices extends Error {
  override readonly name = "NoDevices";
}

/** Advice for `NoDevices`. */
export const NO_DEVICES_FIX = 'run tac8 as another user, or set agent.isolation to "none"';

/** Return the folders to try for a runner with this data folder, the best one first. A file system may be mounted with `nodev`. */
export function devicePlaces(dataFolder: string): string[] {
  const hash = createHash("sha256").update(dataFolder).digest("hex").slice(0, 8);
  return [join(dataFolder, "sandbox", "dev"), `/dev/tac8-${hash}`];
}

/**
 * Create the device nodes for sandboxes of a runner that is root, in the first of `places` where they work, and return that folder. With the
 * machine's own nodes, a program in the sandbox could change their mode, because root owns them there too. Correct nodes are kept.
 * @throws NoDevices no folder works
 */
export async function makeDevices(places: readonly string[]): Promise<string> {
  for (const folder of places) {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      for (const device of DEVICES) await makeNode(folder, device);
      await (await open(join(folder, "null"), "r+")).close();
      return folder;
    } catch {
      // Nodes cannot be created or opened here: try the next folder.
    }
  }
  throw new NoDevices(
    `the sandbox of a root runner cannot protect this machine's devices: device nodes cannot be used in ${places.join(" or ")}`,
  );
}

async function makeNode(folder: string, { name, major, minor }: (typeof DEVICES)[number]): Promise<void> {
  const path = join(folder, name);
  const found = await lstat(path).catch(() => null);
  const isRight =
    found?.isCharacterDevice() === true &&
    found.rdev === major * 256 + minor &&
    found.uid === NOBODY &&
    (found.mode & 0o7777) === MODE;
  if (isRight) return;
  // Create it under another name first: a sandbox, or another runner, may start at the same time.
  const next = `${path}.${randomUUID().slice(0, 8)}`;
  const args = ["-m", MODE.toString(8), next, "c", String(major), String(minor)];
  await run("mknod", args, { env: { PATH: "/usr/bin:/bin" }, timeout: LIMIT_MS });
  await chown(next, NOBODY, NOBODY);
  await rename(next, path);
}
