import type { Survivor } from "../process/survivors.ts";
import { readProc } from "../process/startTime.ts";
import { kilobytes } from "./read.ts";

/** Bytes of memory and swap. Shared pages are counted once only where that could matter: it costs more to ask. */
export function memoryOf(processes: readonly Survivor[], maxBytes: number): number {
  const pids = processes.map(({ pid }) => pid);
  const rough = sum(pids, (pid) => read(`/proc/${pid}/status`, "VmRSS", "VmSwap"));
  return rough <= maxBytes ? rough : sum(pids, proportional);
}

/** A process can keep its `smaps_rollup` from being read (PR_SET_DUMPABLE), but not its `status`. */
function proportional(pid: number): number {
  const path = `/proc/${pid}`;
  return read(`${path}/smaps_rollup`, "Pss", "SwapPss") || read(`${path}/status`, "VmRSS", "VmSwap");
}

function sum(pids: readonly number[], of: (pid: number) => number): number {
  return pids.reduce((total, pid) => total + of(pid), 0);
}

/** 0 for one that has just ended. */
function read(path: string, memory: string, swap: string): number {
  const text = readProc(path) ?? "";
  return ((kilobytes(text, memory) ?? 0) + (kilobytes(text, swap) ?? 0)) * 1024;
}
