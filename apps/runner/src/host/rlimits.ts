import { readProc } from "@tac8/core/process/procfs";
import { hostTasks } from "./runUse.ts";

/** Limits of one run, for all of its processes together; 0 means no limit. */
export interface Limits {
  readonly maxBytes: number;
  /** Cores; may be a fraction. */
  readonly cpus: number;
  /** Processes and their additional threads. */
  readonly maxTasks: number;
}

/**
 * Return the limit that the kernel enforces. The watch ends a run that exceeds its limit. If the kernel enforced the
 * same limit, a fork bomb would never exceed it, and would stay. So the kernel's limit is higher, by as many processes
 * as a fork bomb starts between two checks.
 */
export function kernelTasks(maxTasks: number): number {
  return maxTasks <= 0 ? 0 : maxTasks + Math.max(64, Math.ceil(maxTasks / 4));
}

/**
 * Return how many processes and threads a run may have by default. Builds start threads for each core: Gradle and Bazel
 * use a few thousand on a host with 64 cores. Pure.
 */
export function defaultMaxTasks(cores: number): number {
  return Math.max(4096, 256 * cores);
}

/** Limits that a process passes on to all its processes (setrlimit). */
export interface Rlimits {
  /**
   * Processes and threads that the agent's user may have when a process of the run starts another one. Counts all
   * processes of that user on the whole machine. Null: not set.
   */
  readonly userTasks: number | null;
}

/**
 * Return the prefix of a program. Core dumps are disabled, because one would take as much disk space as the process had
 * memory.
 */
export function rlimitPrefix({ userTasks }: Rlimits): string[] {
  return ["prlimit", "--core=0", ...(userTasks === null ? [] : [`--nproc=${userTasks}`]), "--"];
}

/**
 * Return the limit of a user's tasks that stops a fork bomb if no control group counts a run's tasks. It leaves room
 * for every task that already runs on the machine, and for this many runs at their own limit. Null if it has no effect:
 * root is exempt.
 */
export function userTaskLimit(options: {
  readonly uid: number;
  /** Default: false. Each run has its own user, whose tasks are only the run's. */
  readonly ownUsers?: boolean;
  /** Limit of one run. */
  readonly tasks: number;
  readonly runs: number;
}): number | null {
  const { uid, ownUsers = false, tasks, runs } = options;
  if (ownUsers) return tasks > 0 ? tasks : null;
  const now = hostTasks();
  if (uid === 0 || tasks <= 0 || !Number.isFinite(now)) return null;
  const hard = /^Max processes\s+\S+\s+(\S+)/m.exec(readProc("/proc/self/limits") ?? "")?.[1];
  // An ordinary user cannot raise the hard limit.
  return Math.min(now + runs * tasks, hard === undefined || hard === "unlimited" ? Infinity : Number(hard));
}
