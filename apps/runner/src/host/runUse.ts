import { readOr, type Membership } from "../process/members.ts";
import { readProc } from "@tac8/core/process/procfs";
import { survivors, type Survivor, type SurvivorQuery } from "../process/survivors.ts";
import { memoryOf } from "./memory.ts";

const CHECK_MS = 1000;
/** Checks between two reads of the memory, which is read for each process separately. */
const MEMORY_EVERY = 2;
/** Checks after which the processes are counted in any case. */
const COUNT_EVERY = 5;

/** Limits of all processes of a run together; 0 means no limit. */
export interface UseLimits {
  readonly maxBytes: number;
  /** Processes and their additional threads. */
  readonly maxTasks: number;
}

/** The exceeded limit, with the amount that the run used. */
export interface OverLimit {
  readonly limit: "memory" | "processes";
  /** Bytes, or the number of processes and threads; at least this much. */
  readonly used: number;
}

export interface UseWatchOptions {
  readonly runId: string;
  readonly limits: UseLimits;
  /** Return the membership of all its processes, if it is known. Default: not known. */
  readonly members?: () => Membership | null;
  /** Called once. */
  readonly onOver: (over: OverLimit) => void;
}

/** Check the use of a run's processes regularly, until a limit is exceeded. @returns a function that ends the watch. */
export function watchUse({ runId, limits, members = () => null, onOver }: UseWatchOptions): () => void {
  if (limits.maxBytes <= 0 && limits.maxTasks <= 0) return () => undefined;
  let checks = 0;
  let counted: Counted = { host: hostTasks(), tasks: 0, check: 0 };
  const check = (): OverLimit | null => {
    const host = hostTasks();
    const asksMemory = limits.maxBytes > 0 && checks % MEMORY_EVERY === 0;
    const asksTasks = mayExceed({ host, check: checks, counted, maxTasks: limits.maxTasks });
    if (!asksMemory && !asksTasks) return null;
    const { tasks, over } = readUse({ runId, members: members() }, limits, asksMemory);
    counted = { host, tasks, check: checks };
    return over;
  };
  const timer = setInterval(() => {
    checks += 1;
    const over = readOr(null, check);
    if (over === null) return;
    clearInterval(timer);
    onOver(over);
  }, CHECK_MS);
  return () => clearInterval(timer);
}

interface Counted {
  /** Tasks of the whole machine at that check. */
  readonly host: number;
  /** Tasks of the run at that check. */
  readonly tasks: number;
  readonly check: number;
}

/**
 * Return whether the run's processes must be counted, which costs two system calls per process of the machine. Compares
 * how many tasks the machine has more than at the last count. Exits of other processes hide as many of the run's, for
 * at most 5 seconds. Pure.
 */
export function mayExceed(facts: {
  readonly host: number;
  readonly check: number;
  readonly counted: Counted;
  readonly maxTasks: number;
}): boolean {
  const { host, check, counted, maxTasks } = facts;
  if (maxTasks <= 0 || host <= maxTasks) return false;
  return check - counted.check >= COUNT_EVERY || counted.tasks + Math.max(0, host - counted.host) > maxTasks;
}

/** Read the run's processes once, until the limit is exceeded. */
function readUse(
  run: Pick<SurvivorQuery, "runId" | "members">,
  { maxBytes, maxTasks }: UseLimits,
  asksMemory: boolean,
): { readonly tasks: number; readonly over: OverLimit | null } {
  const found: Survivor[] = [];
  let tasks = 0;
  for (const survivor of survivors({ ...run, except: [process.pid] })) {
    found.push(survivor);
    tasks += survivor.threads;
    if (maxTasks > 0 && tasks > maxTasks) return { tasks, over: { limit: "processes", used: tasks } };
  }
  const used = asksMemory ? memoryOf(found, maxBytes) : 0;
  return { tasks, over: asksMemory && used > maxBytes ? { limit: "memory", used } : null };
}

/**
 * Return the number of tasks of the whole machine, also in a container: with fewer than the limit, no run can exceed
 * it.
 */
export function hostTasks(): number {
  const total = /^(?:\S+ ){3}\d+\/(\d+)/.exec(readProc("/proc/loadavg") ?? "")?.[1];
  return total === undefined ? Infinity : Number(total);
}
