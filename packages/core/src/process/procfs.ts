import { readFileSync } from "node:fs";

/** A process that can't be mistaken for a later one that got its pid. */
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
  /** Pid of the process that began its session (setsid). */
  readonly session: number;
}

/** What /proc/<pid>/stat says, or null where no such process is (any more). */
export function readStat(pid: number): ProcessStat | null {
  const text = readProc(`/proc/${pid}/stat`);
  return text === null ? null : parseStat(text);
}

/** @returns clock ticks since boot, or null where no such process is. */
export function startTimeOf(pid: number): number | null {
  return readStat(pid)?.startTime ?? null;
}

/** Whether that very process still lives; a zombie does not. */
export function isSameProcess({ pid, startTime }: ProcessId): boolean {
  const stat = readStat(pid);
  return stat !== null && stat.startTime === startTime && isAlive(stat);
}

/** A zombie is not alive; one whose first thread ended looks like a zombie, while others run on. Pure. */
export function isAlive({ state, threads }: Pick<ProcessStat, "state" | "threads">): boolean {
  return threads > 1 || (state !== "Z" && state !== "X");
}

/** The name in parentheses may itself contain spaces and parentheses: all fields are counted from the last one. */
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

/** A /proc file as latin1, or null when the process ended, or not ours to read. */
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
