import { readdirSync } from "node:fs";
import type { Survivor } from "../process/survivors.ts";
import { readProc } from "@tac8/core/process/procfs";
import { kilobytes } from "./readHost.ts";

/** Of those that one process is searched for. */
const MAX_THREADS = 16;

/** Bytes of memory and swap. Shared pages are counted once only where that could matter: it costs more to ask. */
export function memoryOf(processes: readonly Survivor[], maxBytes: number): number {
  const pids = processes.map(({ pid }) => pid);
  const rough = sum(pids, resident);
  return rough <= maxBytes ? rough : sum(pids, proportional);
}

/** A process can keep its `smaps_rollup` from being read (PR_SET_DUMPABLE), but not its `status`. */
function proportional(pid: number): number {
  const path = `/proc/${pid}`;
  return read(`${path}/smaps_rollup`, "Pss", "SwapPss") || resident(pid);
}

/** One whose first thread ended has no memory in its own `status`, but in that of a thread that runs on. */
function resident(pid: number): number {
  const path = `/proc/${pid}`;
  const own = read(`${path}/status`, "VmRSS", "VmSwap");
  if (own > 0) return own;
  const threads = namesIn(`${path}/task`).filter((name) => name !== String(pid));
  return threads.reduce((most, thread) => Math.max(most, read(`${path}/task/${thread}/status`, "VmRSS", "VmSwap")), 0);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).slice(0, MAX_THREADS);
  } catch {
    return []; // It ended.
  }
}

function sum(pids: readonly number[], of: (pid: number) => number): number {
  return pids.reduce((total, pid) => total + of(pid), 0);
}

/** 0 for one that has just ended. */
function read(path: string, memory: string, swap: string): number {
  const text = readProc(path) ?? "";
  return ((kilobytes(text, memory) ?? 0) + (kilobytes(text, swap) ?? 0)) * 1024;
}
