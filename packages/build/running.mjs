// Which processes run from a build. Runs on Node 18.
import { readFileSync, readdirSync } from "node:fs";
import { join, sep } from "node:path";

/**
 * Processes that were started with a file of this folder. They load more of it later (a guard with each run, a page's
 * files), so it must stay as it is until they end. Without /proc there are none.
 * @returns {number[]} their pids
 */
export function processesFrom(folder) {
  const prefix = join(folder, sep);
  return pids().filter((pid) => pid !== process.pid && argumentsOf(pid).some((text) => text.startsWith(prefix)));
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

function argumentsOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return []; // It has ended.
  }
}
