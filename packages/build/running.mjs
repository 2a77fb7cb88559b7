// Finds the processes that run from a build. Runs on Node 18.
import { readFileSync, readdirSync, readlinkSync, realpathSync } from "node:fs";
import { join, resolve, sep } from "node:path";

/**
 * Return the processes that were started with a file of this folder. They load more of its files later (a guard for each run, the
 * files of a page), so the folder must not change until they end. Without /proc, none are found. A process with a title has no
 * readable arguments, but keeps its program file open (build.mjs); only root can see that for processes of other users.
 * @returns {number[]} their pids
 */
export function processesFrom(folder) {
  const real = realPath(folder);
  return real === null ? [] : pids().filter((pid) => pid !== process.pid && runsFrom(pid, join(real, sep)));
}

function runsFrom(pid, prefix) {
  if (openFiles(pid).some((path) => path.startsWith(prefix))) return true;
  const cwd = realPath(`/proc/${pid}/cwd`);
  // An argument may be a relative path or a link to the folder.
  return argumentsOf(pid)
    .filter((text) => /\.c?js$/.test(text))
    .some((text) => realPath(resolve(cwd ?? "/", text))?.startsWith(prefix));
}

function pids() {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

function openFiles(pid) {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
      } catch {
        return []; // It was closed meanwhile.
      }
    });
  } catch {
    return []; // It ended, or is another user's.
  }
}

function argumentsOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return []; // It ended.
  }
}

function realPath(path) {
  try {
    return realpathSync(path);
  } catch {
    return null; // It is missing, or another user's.
  }
}
