import { makeDataFolder } from "@tac8/core/app/makeDataFolder";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { messageOf, Problem } from "../context.ts";

export interface HomeLock {
  /** Whether the data folder was missing. */
  readonly made: boolean;
  /** Idempotent. The lock ends with the process in any case. */
  release(): void;
}

const CONFLICT = 75;
export const LOCK_FILE = "up.lock";

/**
 * Makes the data folder and takes it for this process: `flock` on `up.lock`, which holds our pid for people.
 * @throws Problem when another `tac8 up` has it, or the folder cannot be used.
 */
export async function lockHome(home: string): Promise<HomeLock> {
  const path = join(home, LOCK_FILE);
  let fd: number;
  let made: boolean;
  try {
    made = makeDataFolder(home);
    fd = openSync(path, constants.O_CREAT | constants.O_RDWR, 0o600);
  } catch (error) {
    throw new Problem(`the data folder ${home} cannot be used (${messageOf(error)}): set TAC8_HOME to another`, {
      cause: error,
    });
  }
  let taken = false;
  try {
    taken = await flock(fd);
    if (!taken) throw new Problem(runningAlready(home, readFileSync(path, "utf8")));
    ftruncateSync(fd);
    writeSync(fd, `${process.pid}\n`, 0);
  } finally {
    if (!taken) closeSync(fd);
  }
  return {
    made,
    release() {
      if (taken) closeSync(fd);
      taken = false;
    },
  };
}

function runningAlready(home: string, holder: string): string {
  const pid = /^\d{1,10}$/.test(holder.trim()) ? ` (process ${holder.trim()})` : "";
  return `tac8 is running already${pid} on ${home}: stop it first, or set TAC8_HOME to another folder`;
}

/** The lock belongs to the open file, which the child shares with us: it stays when the child has gone. */
async function flock(fd: number): Promise<boolean> {
  const child = spawn("flock", ["-n", "-E", String(CONFLICT), "3"], { stdio: ["ignore", "ignore", "ignore", fd] });
  let code: unknown;
  try {
    [code] = await once(child, "exit");
  } catch (error) {
    throw new Problem("flock was not found: install it (sudo apt-get install util-linux)", { cause: error });
  }
  if (code !== 0 && code !== CONFLICT)
    throw new Problem("flock failed: does the data folder's file system have locks?");
  return code === 0;
}
