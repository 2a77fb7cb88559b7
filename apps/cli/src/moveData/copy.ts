import { execFile } from "node:child_process";
import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync, type Stats } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);
const CHUNK = 1024 * 1024;

/**
 * Copy a folder with all attributes of its files, also to another file system, and wait until it is on the disk.
 * @throws Error with a one-line message about the first file that could not be copied
 */
export async function copyFolder(from: string, to: string): Promise<void> {
  try {
    await execute("cp", ["--archive", "--no-target-directory", from, to], { maxBuffer: 16 * CHUNK });
    await execute("sync", ["--file-system", to]);
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new Error(stderr?.trim().split("\n")[0] || message.split("\n")[0], { cause: error });
  }
}

/**
 * Compare two folders completely: types, permissions, links and contents.
 * @returns the first relative path that differs; null: they are equal
 */
export function firstDifference(a: string, b: string): string | null {
  const [left, right] = [a, b].map((path) => lstatSync(path, { throwIfNoEntry: false }));
  if (left === undefined || right === undefined) return "";
  if (left.mode !== right.mode) return "";
  if (left.isSymbolicLink()) return readlinkSync(a) === readlinkSync(b) ? null : "";
  if (left.isFile()) return sameContent(a, b, { left, right }) ? null : "";
  if (!left.isDirectory()) return null; // A socket or a pipe has no content.
  const [names, others] = [a, b].map((path) => readdirSync(path).toSorted());
  const odd = names?.find((name, index) => name !== others?.[index]) ?? others?.[names?.length ?? 0];
  if (odd !== undefined) return odd;
  for (const name of names ?? []) {
    const found = firstDifference(join(a, name), join(b, name));
    if (found !== null) return found === "" ? name : join(name, found);
  }
  return null;
}

function sameContent(a: string, b: string, { left, right }: { left: Stats; right: Stats }): boolean {
  if (left.size !== right.size) return false;
  if (left.size === 0) return true;
  const files = [a, b].map((path) => openSync(path, "r"));
  const [one = 0, other = 0] = files;
  const [here, there] = [Buffer.alloc(CHUNK), Buffer.alloc(CHUNK)];
  try {
    for (let at = 0; at < left.size; at += CHUNK) {
      const read = readSync(one, here, 0, CHUNK, at);
      if (read !== readSync(other, there, 0, CHUNK, at)) return false;
      if (here.compare(there, 0, read, 0, read) !== 0) return false;
    }
    return true;
  } finally {
    files.forEach(closeSync);
  }
}
