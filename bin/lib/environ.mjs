// What `/proc/<pid>/environ` shows of this process. Runs on Node 18.
import { closeSync, openSync, readFileSync, readSync, writeSync } from "node:fs";

/**
 * Overwrite variables where this process began with them. Deleting a variable leaves its text there, and every process of the
 * same user can read it. Call it when the variables are deleted: their text is in use before.
 * @param {readonly string[]} names
 * @returns {boolean} whether none of them is shown any more
 */
export function scrubEnviron(names) {
  const shown = () => entriesOf(readFileSync("/proc/self/environ", "latin1")).some(({ name }) => names.includes(name));
  try {
    if (names.length > 0 && shown()) overwrite(names);
    return names.length === 0 || !shown();
  } catch {
    return false; // A system without /proc, or one that lets no process write its own memory.
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

/** proc_pid_stat(5): `env_start` and `env_end` are fields 50 and 51. Those after the name in brackets begin with field 3. */
function environArea() {
  const stat = readFileSync("/proc/self/stat", "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { start: Number(fields[47]), end: Number(fields[48]) };
}

/** One for each variable: its name, and where its text is. */
function entriesOf(environ) {
  let at = 0;
  return environ.split("\0").map((entry) => {
    const found = { name: entry.split("=", 1)[0] ?? "", at, length: entry.length };
    at += entry.length + 1;
    return found;
  });
}
