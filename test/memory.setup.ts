import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const MEMORY = "/dev/shm";
/** A whole run needs less than a tenth of it. */
const LEAST_BYTES = 2 ** 30;

/**
 * Puts the temporary folders of tests into memory, where there is room. They make and remove a hundred thousand small files,
 * which takes twice the processor time on a disk.
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
    chmodSync(dir, 0o755); // Some tests work as another user.
    // Containers often mount it so that nothing in it can be executed.
    writeFileSync(join(dir, "try"), "#!/bin/sh\n", { mode: 0o755 });
    execFileSync(join(dir, "try"));
    return dir;
  } catch {
    if (dir !== null) rmSync(dir, { recursive: true, force: true });
    return null; // Then the usual place does.
  }
}
