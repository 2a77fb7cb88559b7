// The processes that run from a build. Runs on Node 18.
import { readFileSync, readdirSync, readlinkSync, realpathSync } from "node:fs";
import { join, resolve, sep } from "node:path";

/**
 * Processes that were started with a file of this folder. They load more of it later (a guard with each run, a page's
 * files), so it must stay as it is until they end. Without /proc there are none. A process with a title has no arguments to
 * read, but keeps its program open (build.mjs); of other users' processes only root sees that.
 * @returns {number[]} their pids
 */
export function processesFrom(folder) {
  const real = realPath(folder);
  return real === null ? [] : pids().filter((pid) => pid !== process.pid && runsFrom(pid, join(real, sep)));
}

function runsFrom(pid, prefix) {
  if (openFiles(pid).some((path) => path.startsWith(prefix))) return true;
  const cwd = realPath(`/proc/${pid}/cwd`);
  // Relative paths and links lead there too.
  return argumentsOf(pid)
    .filter((text) => text.endsWith(".js"))
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
        return []; // Closed meanwhile.
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
