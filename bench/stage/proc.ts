import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/** A clock tick of `/proc`, on every Linux that Node runs on. */
const TICK_MS = 10;

/** CPU time of a running process, in ms: of its threads in nanoseconds where the kernel counts them, else in ticks. */
export function cpuMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`).map((thread) =>
    readOrEmpty(`/proc/${pid}/task/${thread}/schedstat`),
  );
  const nanoseconds = threads.reduce((sum, text) => sum + Number(text.split(" ")[0] ?? 0), 0);
  return nanoseconds > 0 ? nanoseconds / 1e6 : cpuOf(pid).own;
}

/** CPU time of a process and of everything that it has started, in ms: of what ended, and of what lasts. */
export function treeCpuMs(root: number): number {
  return treeOf(root).reduce((sum, pid) => {
    const { own, children } = cpuOf(pid);
    return sum + own + children;
  }, 0);
}

function cpuOf(pid: number): { readonly own: number; readonly children: number } {
  const stat = readOrEmpty(`/proc/${pid}/stat`);
  if (stat === "") return { own: 0, children: 0 }; // It has just ended, and counts in its parent.
  // After the name in brackets; utime is the 14th field of all, then stime, cutime and cstime.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ms = (field: number) => Number(fields[field - 3]) * TICK_MS;
  return { own: ms(14) + ms(15), children: ms(16) + ms(17) };
}

/** A process and everything that it has started, as far as it is alive. */
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

/** The words of a process' command line, with which it was started or which it took as its title. */
export function commandOf(pid: number): string {
  return readOrEmpty(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
}

/** Memory of this process alone, in MB: what Node processes share, such as Node itself, is left out. */
export function privateMemory(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return (kilobytes(text, "Private_Clean") + kilobytes(text, "Private_Dirty")) / 1024;
}

/** Resident memory now, in MB; the highest so far is counted from here on. */
export function resetPeak(pid: number): number {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
  return kilobytes(readFileSync(`/proc/${pid}/status`, "utf8"), "VmRSS") / 1024;
}

/** Highest resident memory since `resetPeak`, in MB. */
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
    return ""; // A thread that has just ended, or a kernel without this file.
  }
}
