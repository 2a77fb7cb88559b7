import { closeSync, openSync, readFileSync, readSync } from "node:fs";

/** A process, identified so that a later process with the same pid is a different one. */
export interface ProcessId {
  readonly pid: number;
  /** Clock ticks since boot, field 22 of /proc/<pid>/stat. */
  readonly startTime: number;
}

export interface ProcessStat extends ProcessId {
  readonly comm: string;
  /** One letter: R, S, D, T, Z … */
  readonly state: string;
  readonly parent: number;
  readonly threads: number;
  /** Pid of the process that started its session (setsid). */
  readonly session: number;
}

/** Longer than any line of /proc/<pid>/stat. */
const BUFFER = Buffer.alloc(4096);

/** Read /proc/<pid>/stat; null: the process does not exist. */
export function readStat(pid: number): ProcessStat | null {
  try {
    const fd = openSync(`/proc/${pid}/stat`, "r");
    try {
      // The kernel gives this file in one piece. `readFileSync` would make three more system calls, for each process of the machine.
      return parseStat(BUFFER.toString("latin1", 0, readSync(fd, BUFFER)));
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (isMissingOrForbidden(error)) return null;
    throw error;
  }
}

/** Return the start time of a process in clock ticks since boot; null: the process does not exist. */
export function startTimeOf(pid: number): number | null {
  return readStat(pid)?.startTime ?? null;
}

/** The kernel counts start times in hundredths of a second for programs, whatever its own ticks are. */
const TICKS_PER_SECOND = 100;

/** Return a start time, in clock ticks since boot, that no process that starts from now on is older than. 0 if the kernel does not say. */
export function startTimeNow(): number {
  const seconds = Number(readProc("/proc/uptime")?.split(" ")[0] ?? 0);
  return Math.max(0, Math.floor(seconds * TICKS_PER_SECOND) - TICKS_PER_SECOND);
}

/** Return whether this process, and not another with its pid, is alive. A zombie is not. */
export function isSameProcess({ pid, startTime }: ProcessId): boolean {
  const stat = readStat(pid);
  return stat !== null && stat.startTime === startTime && isAlive(stat);
}

/** Return whether a process is alive. A zombie is not. A process whose first thread ended looks like one, but has other threads. Pure. */
export function isAlive({ state, threads }: Pick<ProcessStat, "state" | "threads">): boolean {
  return threads > 1 || (state !== "Z" && state !== "X");
}

/** Parse /proc/<pid>/stat. The name in parentheses may contain spaces and parentheses, so fields are counted from the last one. */
export function parseStat(text: string): ProcessStat | null {
  const open = text.indexOf("(");
  const close = text.lastIndexOf(")");
  if (open < 0 || close < open) return null;
  const fields = text.slice(close + 2).split(" ");
  const [state, parent, session] = [fields[0], Number(fields[1]), Number(fields[3])];
  const [threads, start] = [Number(fields[17]), Number(fields[19])];
  if (state === undefined || !Number.isFinite(start)) return null;
  const comm = text.slice(open + 1, close);
  return { pid: Number.parseInt(text, 10), comm, state, parent, session, threads, startTime: start };
}

/** Read a /proc file as latin1; null: the process has exited, or this user may not read the file. */
export function readProc(path: string): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    if (isMissingOrForbidden(error)) return null;
    throw error;
  }
}

export function isMissingOrForbidden(error: unknown): boolean {
  return error instanceof Error && "code" in error && MISSING_OR_FORBIDDEN.has(String(error.code));
}

const MISSING_OR_FORBIDDEN = new Set(["ENOENT", "ESRCH", "EACCES", "EPERM", "EBADF", "EINVAL"]);
