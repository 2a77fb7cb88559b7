// Removes secrets from `/proc/<pid>/environ` of this process. Runs on Node 18.
import { closeSync, openSync, readFileSync, readSync, writeSync } from "node:fs";

/**
 * Overwrite variables in the initial environment of this process. Deleting a variable leaves its text there, where every process
 * of the same user can read it. Call this after the variables are deleted, because their text is in use until then.
 * @param {readonly string[]} names
 * @returns {boolean} whether none of them is visible any more
 */
export function scrubEnviron(names) {
  const shown = () => entriesOf(readFileSync("/proc/self/environ", "latin1")).some(({ name }) => names.includes(name));
  try {
    if (names.length > 0 && shown()) overwrite(names);
    return names.length === 0 || !shown();
  } catch {
    return false; // A system without /proc, or one on which a process cannot write its own memory.
  }
}

function overwrite(names) {
  const { start, end } = environArea();
  const memory = openSync("/proc/self/mem", "r+");
  try {
    const bytes = Buffer.alloc(end - start);
    readSync(memory, bytes, 0, bytes.length, start);
    for (const { name, at, length } of entriesOf(bytes.toString("latin1"))) {
      if (names.includes(name)) writeSync(memory, Buffer.alloc(length), 0, length, start + at);
    }
  } finally {
    closeSync(memory);
  }
}

/** `env_start` and `env_end` are fields 50 and 51 of proc_pid_stat(5). Field 3 is the first one after the name in brackets. */
function environArea() {
  const stat = readFileSync("/proc/self/stat", "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { start: Number(fields[47]), end: Number(fields[48]) };
}

/** Return the name of each variable, and the position of its text. */
function entriesOf(environ) {
  let at = 0;
  return environ.split("\0").map((entry) => {
    const found = { name: entry.split("=", 1)[0] ?? "", at, length: entry.length };
    at += entry.length + 1;
    return found;
  });
}
