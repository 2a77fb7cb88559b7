import { readProc } from "../process/startTime.ts";
import { survivors, type Survivor } from "../process/survivors.ts";
import { memoryOf } from "./memory.ts";

const LOOK_MS = 1000;
/** Memory is asked for each process by itself. */
const MEMORY_EVERY = 2;

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
  /** Called once. */
  readonly onOver: (over: OverLimit) => void;
}

/** Reads what a run's processes use, again and again, until it is too much. @returns a function that ends the watch. */
export function watchUse({ runId, limits, onOver }: UseWatchOptions): () => void {
  if (limits.maxBytes <= 0 && limits.maxTasks <= 0) return () => undefined;
  let looks = 0;
  const timer = setInterval(() => {
    looks += 1;
    const due = { memory: looks % MEMORY_EVERY === 0, processes: hostTasks() > limits.maxTasks };
    const over = findOver(runId, limits, due);
    if (over === null) return;
    clearInterval(timer);
    onOver(over);
  }, LOOK_MS);
  return () => clearInterval(timer);
}

/** One walk through the run's processes, and none if no limit is due; it ends at the first process that is too many. */
export function findOver(
  runId: string,
  { maxBytes, maxTasks }: UseLimits,
  due: { readonly memory: boolean; readonly processes: boolean },
): OverLimit | null {
  const asksMemory = due.memory && maxBytes > 0;
  const asksTasks = due.processes && maxTasks > 0;
  if (!asksMemory && !asksTasks) return null;
  const found: Survivor[] = [];
  let tasks = 0;
  for (const survivor of survivors({ runId, except: [process.pid] })) {
    found.push(survivor);
    tasks += survivor.threads;
    if (asksTasks && tasks > maxTasks) return { limit: "processes", used: tasks };
  }
  const used = asksMemory ? memoryOf(found, maxBytes) : 0;
  return asksMemory && used > maxBytes ? { limit: "memory", used } : null;
}

/** Processes and threads of the whole machine, also in a container: with fewer than the limit, no run can be over it. */
export function hostTasks(): number {
  const total = /^(?:\S+ ){3}\d+\/(\d+)/.exec(readProc("/proc/loadavg") ?? "")?.[1];
  return total === undefined ? Infinity : Number(total);
}
