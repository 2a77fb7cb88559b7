import type { Membership } from "../process/members.ts";
import { readProc } from "@tac8/core/process/procfs";
import { survivors, type Survivor, type SurvivorQuery } from "../process/survivors.ts";
import { memoryOf } from "./memory.ts";

const CHECK_MS = 1000;
/** Memory is asked for each process by itself. */
const MEMORY_EVERY = 2;
/** Looks after which the processes are counted anyway. */
const COUNT_EVERY = 5;

/** What all processes of a run may use together; 0 is no limit. */
export interface UseLimits {
  readonly maxBytes: number;
  /** Processes and their further threads. */
  readonly maxTasks: number;
}

/** The limit that a run is over, with what it used. */
export interface OverLimit {
  readonly limit: "memory" | "processes";
  /** Bytes, or a number of processes and threads: at least so many. */
  readonly used: number;
}

export interface UseWatchOptions {
  readonly runId: string;
  readonly limits: UseLimits;
  /** What all its processes have in common, as far as it is known. Default: nothing. */
  readonly members?: () => Membership | null;
  /** Called once. */
  readonly onOver: (over: OverLimit) => void;
}

/** Reads what a run's processes use, again and again, until it is too much. @returns a function that ends the watch. */
export function watchUse({ runId, limits, members = () => null, onOver }: UseWatchOptions): () => void {
  if (limits.maxBytes <= 0 && limits.maxTasks <= 0) return () => undefined;
  let checks = 0;
  let counted: Counted = { host: hostTasks(), tasks: 0, check: 0 };
  const timer = setInterval(() => {
    checks += 1;
    const host = hostTasks();
    const asksMemory = limits.maxBytes > 0 && checks % MEMORY_EVERY === 0;
    const asksTasks = mayExceed({ host, check: checks, counted, maxTasks: limits.maxTasks });
    if (!asksMemory && !asksTasks) return;
    const { tasks, over } = readUse({ runId, members: members() }, limits, asksMemory);
    counted = { host, tasks, check: checks };
    if (over === null) return;
    clearInterval(timer);
    onOver(over);
  }, CHECK_MS);
  return () => clearInterval(timer);
}

interface Counted {
  /** Tasks of the whole machine at that look. */
  readonly host: number;
  /** Of them, the run's. */
  readonly tasks: number;
  readonly check: number;
}

/**
 * Whether the run's processes have to be counted, which costs two system calls for each process of the machine: by how many
 * more the machine has than when they were counted last. That others ended meanwhile hides as many of the run's, for
 * 5 seconds at most. Pure.
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

/** One walk through the run's processes; it ends at the first that is too many. */
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

/** Processes and threads of the whole machine, also in a container: with fewer than the limit, no run can be over it. */
export function hostTasks(): number {
  const total = /^(?:\S+ ){3}\d+\/(\d+)/.exec(readProc("/proc/loadavg") ?? "")?.[1];
  return total === undefined ? Infinity : Number(total);
}
