import { readProc } from "@tac8/core/process/procfs";
import { hostTasks } from "./runUse.ts";

/** What one run may use, all of its processes together; 0 is no limit. */
export interface Limits {
  readonly maxBytes: number;
  /** Cores; may be a fraction. */
  readonly cpus: number;
  /** Processes and their further threads. */
  readonly maxTasks: number;
}

/**
 * Where the kernel takes over. The watch ends a run that is over its limit; a fork bomb that never got beyond it would be
 * refused new processes, and stay. So there is room above the limit, for what a bomb starts between two checks.
 */
export function kernelTasks(maxTasks: number): number {
  return maxTasks <= 0 ? 0 : maxTasks + Math.max(64, Math.ceil(maxTasks / 4));
}

/**
 * Return how many processes and threads a run may have where the configuration does not say. Builds start threads for each
 * core: Gradle and Bazel reach a few thousand on a host with 64. Pure.
 */
export function defaultMaxTasks(cores: number): number {
  return Math.max(4096, 256 * cores);
}

/** Limits that a process hands down to everything that it starts (setrlimit). */
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
 * The limit of a user's tasks that stops a fork bomb where no control group counts a run's own: with room for everything that
 * runs on the machine already and for this many runs at their own limit. Null where it is no use: root is exempt from it.
 */
export function userTaskLimit(options: {
  readonly uid: number;
  /** Default: false. Each run has a user of its own, whose tasks are the run's. */
  readonly ownUsers?: boolean;
  /** Of one run. */
  readonly tasks: number;
  readonly runs: number;
}): number | null {
  const { uid, ownUsers = false, tasks, runs } = options;
  if (ownUsers) return tasks > 0 ? tasks : null;
  const now = hostTasks();
  if (uid === 0 || tasks <= 0 || !Number.isFinite(now)) return null;
  const hard = /^Max processes\s+\S+\s+(\S+)/m.exec(readProc("/proc/self/limits") ?? "")?.[1];
  // An ordinary user cannot raise it.
  return Math.min(now + runs * tasks, hard === undefined || hard === "unlimited" ? Infinity : Number(hard));
}
