import { readProc } from "@tac8/core/process/procfs";
import { readdirSync } from "node:fs";
import { uidsIn } from "../process/members.ts";

/** Return the processes of a user id, without those that ended and wait to be noticed. Reads `/proc`. */
export function processesOf(uid: number): number[] {
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid)) return [];
    return isOf(readProc(`/proc/${pid}/status`) ?? "", uid) ? [pid] : [];
  });
}

/** Whether a process with this `/proc/<pid>/status` is alive, and has the user id as one of its own. Pure. */
export function isOf(status: string, uid: number): boolean {
  // One whose first thread ended looks like a zombie, while others run on.
  const threads = Number(/^Threads:\s+(\d+)/m.exec(status)?.[1] ?? 1);
  return (threads > 1 || !/^State:\s+[ZX]/m.test(status)) && uidsIn(status).includes(uid);
}
