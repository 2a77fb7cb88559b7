import { dirname } from "node:path";
import { localFiles } from "../files/local.ts";
import { tryLock, type Lock } from "@tac8/core/process/flock";
import type { WorkspaceLock } from "../agentPlace/side.ts";
import { makeNotesFolder } from "./notes.ts";
import type { WorkspacePaths } from "./paths.ts";

type LockPaths = Pick<WorkspacePaths, "lockFile" | "former">;

/**
 * Take the lock of a workspace, the lock of its sandboxes, and the former lock if its file exists: during an upgrade a runner of an
 * older version, or a process that it left running, may hold only the former lock. @returns null if one of them is taken
 */
export async function lockWorkspace({ lockFile, former }: LockPaths): Promise<WorkspaceLock | null> {
  await makeNotesFolder(dirname(lockFile));
  const taken: Lock[] = [];
  const release = (): void => taken.forEach((lock) => lock.release());
  const take = async (path: string, options?: { readonly readOnly: boolean }): Promise<Lock | null> => {
    const lock = await tryLock(path, options);
    if (lock !== null) taken.push(lock);
    return lock;
  };
  let whole: WorkspaceLock | null = null;
  try {
    const lock = await take(lockFile);
    const inside = lock === null ? null : await take(insideFile(lockFile), { readOnly: true });
    if (lock === null || inside === null) return null;
    const isOlder = (await localFiles.stat(former.lockFile))?.kind === "file";
    if (isOlder && (await take(former.lockFile)) === null) return null;
    whole = { ...lock, insideFd: inside.fd, release };
    return whole;
  } finally {
    if (whole === null) release();
  }
}

function insideFile(lockFile: string): string {
  return `${lockFile}.inside`;
}

/** Remove the files of a lock that the caller holds. A process that waits for the lock notices that, and takes a new one. */
export async function removeLockFiles({ lockFile, former }: LockPaths): Promise<void> {
  await localFiles.remove(former.lockFile);
  await localFiles.remove(insideFile(lockFile));
  await localFiles.remove(lockFile);
}
