import { messageOf } from "@tac8/core/domain/messageOf";
import { makeDataFolder } from "@tac8/core/app/makeDataFolder";
import { NoLocks, tryLock } from "@tac8/core/process/flock";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Problem } from "../problems/problem.ts";

export interface DataFolderLock {
  /** Whether the data folder was created. */
  readonly made: boolean;
  /** Idempotent. The lock ends with the process in any case. */
  release(): void;
}

export const LOCK_FILE = "up.lock";

/**
 * Create the data folder, and lock it for this process: `flock` on `up.lock`, which contains the pid for information.
 * @throws Problem if another `tac8 up` has the lock, or if the folder cannot be used
 */
export async function lockDataFolder(dataFolder: string): Promise<DataFolderLock> {
  const cannot = (error: unknown) =>
    new Problem(`the data folder ${dataFolder} cannot be used (${messageOf(error)}): set TAC8_HOME to another folder`, {
      cause: error,
    });
  let made: boolean;
  try {
    made = makeDataFolder(dataFolder);
  } catch (error) {
    throw cannot(error);
  }
  return { made, ...(await holdDataFolder(dataFolder, cannot)) };
}

/** Like `lockDataFolder`, for an existing folder, even while it is being moved. */
export async function holdDataFolder(
  dataFolder: string,
  cannot: (error: unknown) => Error = (error) => error as Error,
): Promise<Pick<DataFolderLock, "release">> {
  const path = join(dataFolder, LOCK_FILE);
  const held = await holdFile(path).catch((error: unknown) => {
    throw error instanceof Problem ? error : cannot(error);
  });
  if (held === null) throw new Problem(runningAlready(dataFolder, readFileSync(path, "utf8")));
  writeFileSync(path, `${process.pid}\n`);
  return { release: held };
}

/**
 * Acquire the lock of a file, which is created if it is missing, until the returned function is called or this process ends.
 * @returns null if another process has the lock
 * @throws Problem if locks are not supported, Error if the file cannot be opened
 */
export async function holdFile(path: string): Promise<(() => void) | null> {
  try {
    return (await tryLock(path))?.release ?? null;
  } catch (error) {
    throw error instanceof NoLocks ? new Problem(error.message, { cause: error }) : error;
  }
}

function runningAlready(dataFolder: string, holder: string): string {
  const pid = /^\d{1,10}$/.test(holder.trim()) ? ` (process ${holder.trim()})` : "";
  return `tac8 is already running${pid} on ${dataFolder}: stop it first, or set TAC8_HOME to another folder`;
}
