import { readProc } from "../process/startTime.ts";
import { hostTasks } from "./runUse.ts";

/** Limits that a process hands down to all that it starts (setrlimit). */
export interface Rlimits {
  /**
   * Processes and threads that the agent's user may have when one of the run's starts another. It counts all of that user's,
   * on the whole machine. Null: not set.
   */
  readonly userTasks: number | null;
}

/** Goes before a program. A core dump of it would take as much of the disk as it had of the memory: none is written. */
export function rlimitPrefix({ userTasks }: Rlimits): string[] {
  return ["prlimit", "--core=0", ...(userTasks === null ? [] : [`--nproc=${userTasks}`]), "--"];
}

/**
 * The limit of a user's tasks that stops a fork bomb where no control group counts a run's own: with room for all that
 * runs on the machine already and for this many runs at their own limit. Null where it is no use: root is exempt from it.
 */
export function userTaskLimit(options: {
  readonly uid: number;
  /** Of one run. */
  readonly tasks: number;
  readonly runs: number;
}): number | null {
  const { uid, tasks, runs } = options;
  const now = hostTasks();
  if (uid === 0 || tasks <= 0 || !Number.isFinite(now)) return null;
  const hard = /^Max processes\s+\S+\s+(\S+)/m.exec(readProc("/proc/self/limits") ?? "")?.[1];
  // An ordinary user cannot raise it.
  return Math.min(now + runs * tasks, hard === undefined || hard === "unlimited" ? Infinity : Number(hard));
}
