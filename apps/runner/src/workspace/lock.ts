import { dirname } from "node:path";
import { localFiles } from "../files/local.ts";
import { tryLock, type Lock } from "../lock/flock.ts";
import { makeNotesFolder } from "./notes.ts";
import type { WorkspacePaths } from "./paths.ts";

type LockPaths = Pick<WorkspacePaths, "lockFile" | "former">;

/**
 * Take the lock of a workspace, and with it the former one where its file is there: during an upgrade a runner of an older
 * version, or what it left running, may hold that one alone. @returns null where either is taken
 */
export async function lockWorkspace({ lockFile, former }: LockPaths): Promise<Lock | null> {
  await makeNotesFolder(dirname(lockFile));
  const lock = await tryLock(lockFile);
  if (lock === null || (await localFiles.stat(former.lockFile))?.kind !== "file") return lock;
  let older: Lock | null = null;
  try {
    older = await tryLock(former.lockFile);
  } finally {
    if (older === null) lock.release();
  }
  if (older === null) return null;
  const { release } = older;
  return {
    ...lock,
    release() {
      release();
      lock.release();
    },
  };
}

/** Remove the files of a lock that the caller holds: another process that waits for it sees that, and takes a new one. */
export async function removeLockFiles({ lockFile, former }: LockPaths): Promise<void> {
  await localFiles.remove(former.lockFile);
  await localFiles.remove(lockFile);
}
