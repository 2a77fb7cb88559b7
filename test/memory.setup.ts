import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const MEMORY = "/dev/shm";
/** Required free space; a whole test run needs less than a tenth of it. */
const LEAST_BYTES = 2 ** 30;

/**
 * Put the temporary folders of tests into memory if there is enough space. The tests create and remove a hundred thousand small
 * files, which takes twice the processor time on a disk.
 */
export function setup(): (() => void) | undefined {
  const dir = memoryFolder();
  if (dir === null) return undefined;
  process.env["TMPDIR"] = dir; // Workers start later, and inherit it.
  return () => rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
}

function memoryFolder(): string | null {
  let dir: string | null = null;
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    if (Math.min(bavail * bsize, process.availableMemory()) < LEAST_BYTES) return null;
    dir = mkdtempSync(join(MEMORY, "tac8-tests-"));
    chmodSync(dir, 0o755); // Some tests run programs as another user.
    // Containers often mount /dev/shm with noexec.
    writeFileSync(join(dir, "try"), "#!/bin/sh\n", { mode: 0o755 });
    execFileSync(join(dir, "try"));
    return dir;
  } catch {
    if (dir !== null) rmSync(dir, { recursive: true, force: true });
    return null; // Use the default temporary folder instead.
  }
}
