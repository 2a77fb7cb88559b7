import { readdirSync } from "node:fs";
import type { Survivor } from "../process/survivors.ts";
import { readProc } from "@tac8/core/process/procfs";
import { kilobytes } from "./readHost.ts";

/** Limit of threads that are searched in one process. */
const MAX_THREADS = 16;

/**
 * Return the bytes of memory and swap. Shared pages are counted once only if that could matter, because reading this
 * costs more.
 */
export function memoryOf(processes: readonly Survivor[], maxBytes: number): number {
  const pids = processes.map(({ pid }) => pid);
  const rough = sum(pids, resident);
  return rough <= maxBytes ? rough : sum(pids, proportional);
}

/** Return the proportional size. A process can hide its `smaps_rollup` (PR_SET_DUMPABLE), but not its `status`. */
function proportional(pid: number): number {
  const path = `/proc/${pid}`;
  return read(`${path}/smaps_rollup`, "Pss", "SwapPss") || resident(pid);
}

/**
 * Return the resident size. If a process's first thread has exited, its own `status` has no memory, but that of another
 * thread does.
 */
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
    return []; // The process has exited.
  }
}

function sum(pids: readonly number[], of: (pid: number) => number): number {
  return pids.reduce((total, pid) => total + of(pid), 0);
}

/** Return 0 for a process that has just exited. */
function read(path: string, memory: string, swap: string): number {
  const text = readProc(path) ?? "";
  return ((kilobytes(text, memory) ?? 0) + (kilobytes(text, swap) ?? 0)) * 1024;
}
