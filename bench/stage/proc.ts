import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/** Length of a clock tick of `/proc` in ms, on every Linux that Node supports. */
const TICK_MS = 10;

/** Return the CPU time of a running process in ms: by the nanoseconds of its threads if the kernel counts them, otherwise by ticks. */
export function cpuMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`).map((thread) =>
    readOrEmpty(`/proc/${pid}/task/${thread}/schedstat`),
  );
  const nanoseconds = threads.reduce((sum, text) => sum + Number(text.split(" ")[0] ?? 0), 0);
  return nanoseconds > 0 ? nanoseconds / 1e6 : cpuOf(pid).own;
}

/** Return the CPU time of a process and of all its descendants in ms, whether they have exited or still run. */
export function treeCpuMs(root: number): number {
  return treeOf(root).reduce((sum, pid) => {
    const { own, children } = cpuOf(pid);
    return sum + own + children;
  }, 0);
}

function cpuOf(pid: number): { readonly own: number; readonly children: number } {
  const stat = readOrEmpty(`/proc/${pid}/stat`);
  if (stat === "") return { own: 0, children: 0 }; // The process has just exited, and counts in its parent.
  // After the name in brackets; utime is the 14th field of all, then stime, cutime and cstime.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ms = (field: number) => Number(fields[field - 3]) * TICK_MS;
  return { own: ms(14) + ms(15), children: ms(16) + ms(17) };
}

/** Return a process and its live descendants. */
export function treeOf(root: number): number[] {
  const parents = new Map(
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), parentOf(Number(name))]),
  );
  const isBelow = (pid: number): boolean => pid === root || (parents.has(pid) && isBelow(parents.get(pid) ?? 0));
  return [...parents.keys()].filter(isBelow);
}

function parentOf(pid: number): number {
  const stat = readOrEmpty(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] ?? 0);
}

/** Return the words of a process' command line, or of the title that the process has set. */
export function commandOf(pid: number): string {
  return readOrEmpty(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
}

/** Return the private memory of a process in MB, without memory that Node processes share, such as the Node binary. */
export function privateMemory(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return (kilobytes(text, "Private_Clean") + kilobytes(text, "Private_Dirty")) / 1024;
}

/** Return the current resident memory in MB, and reset the peak. */
export function resetPeak(pid: number): number {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
  return kilobytes(readFileSync(`/proc/${pid}/status`, "utf8"), "VmRSS") / 1024;
}

/** Return the highest resident memory since `resetPeak`, in MB. */
export function peakMemory(pid: number): number {
  return kilobytes(readFileSync(`/proc/${pid}/status`, "utf8"), "VmHWM") / 1024;
}

function kilobytes(text: string, name: string): number {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text);
  if (found === null) throw new Error(`/proc says nothing of ${name}: this needs Linux`);
  return Number(found[1]);
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // The thread has just exited, or the kernel does not have this file.
  }
}
