import { readProc } from "@tac8/core/process/procfs";
import { readdirSync } from "node:fs";
import { uidsIn } from "../process/members.ts";

/** Return the processes of a user id, without zombies. Reads `/proc`. */
export function processesOf(uid: number): number[] {
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid)) return [];
    return isOf(readProc(`/proc/${pid}/status`) ?? "", uid) ? [pid] : [];
  });
}

/** Return whether a process with this `/proc/<pid>/status` is alive, and has the user id. Pure. */
export function isOf(status: string, uid: number): boolean {
  // A process whose first thread has exited looks like a zombie, while other threads continue.
  const threads = Number(/^Threads:\s+(\d+)/m.exec(status)?.[1] ?? 1);
  return (threads > 1 || !/^State:\s+[ZX]/m.test(status)) && uidsIn(status).includes(uid);
}
