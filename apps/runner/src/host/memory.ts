import { findSurvivors } from "../process/survivors.ts";
import { readProc } from "../process/startTime.ts";
import { kilobytes } from "./read.ts";

const LOOK_MS = 2000;

export interface MemoryWatchOptions {
  readonly runId: string;
  /** For all processes of the run together; 0: no limit. */
  readonly maxBytes: number;
  /** Called once. */
  readonly onOver: (usedBytes: number) => void;
}

/** Sums up what a run's processes use, again and again, until it is too much. @returns a function that ends the watch. */
export function watchMemory({ runId, maxBytes, onOver }: MemoryWatchOptions): () => void {
  if (maxBytes <= 0) return () => undefined;
  const timer = setInterval(() => {
    const used = memoryOf(runId, maxBytes);
    if (used <= maxBytes) return;
    clearInterval(timer);
    onOver(used);
  }, LOOK_MS);
  return () => clearInterval(timer);
}

/** Bytes of memory and swap. Shared pages are counted once only where that could matter: it costs more to ask. */
export function memoryOf(runId: string, maxBytes: number): number {
  const pids = findSurvivors({ runId, except: [process.pid] }).map(({ pid }) => pid);
  const rough = sum(pids, (pid) => read(`/proc/${pid}/status`, "VmRSS", "VmSwap"));
  return rough <= maxBytes ? rough : sum(pids, (pid) => read(`/proc/${pid}/smaps_rollup`, "Pss", "SwapPss"));
}

function sum(pids: readonly number[], of: (pid: number) => number): number {
  return pids.reduce((total, pid) => total + of(pid), 0);
}

/** 0 for one that has just ended. */
function read(path: string, memory: string, swap: string): number {
  const text = readProc(path) ?? "";
  return ((kilobytes(text, memory) ?? 0) + (kilobytes(text, swap) ?? 0)) * 1024;
}
