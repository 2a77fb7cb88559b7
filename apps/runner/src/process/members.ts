import { readdirSync } from "node:fs";
import { isSameProcess, readProc, readStat, startTimeOf, type ProcessId } from "@tac8/core/process/procfs";

/** Property that every process of a run has, whatever an agent does to its environment and its session. */
export type Membership =
  /** It is below `root`. No process can leave a sandbox's namespace, because orphans there become children of its first process. */
  | { readonly kind: "tree"; readonly root: ProcessId }
  /** It has this user id, which no other run and no process of tac8 has. */
  | { readonly kind: "uid"; readonly uid: number };

/** Return the tree below the process that creates a sandbox. @returns null if that process ended */
export function treeBelow(pid: number): Membership | null {
  const start = startTimeOf(pid);
  return start === null ? null : { kind: "tree", root: { pid, startTime: start } };
}

/** Return the processes of the run's own user. @throws Error if the user id is that of root or of tac8 */
export function ofUser(uid: number): Membership {
  if (uid === 0 || uid === process.getuid?.()) throw new Error(`the user id ${uid} belongs to no single run`);
  return { kind: "uid", uid };
}

/**
 * Return the pids of living processes that belong to a run. A process that gets another parent while the tree is read may be missing
 * until the next check.
 * @param membership null if it is unknown; then no process belongs to the run
 */
export function membersOf(membership: Membership | null): ReadonlySet<number> {
  if (membership === null) return new Set();
  if (membership.kind === "tree") return isSameProcess(membership.root) ? below(membership.root.pid) : new Set();
  const { uid } = membership;
  return new Set(allPids().filter((pid) => uidsIn(readProc(`/proc/${pid}/status`) ?? "").includes(uid)));
}

/** Read processes in `/proc`. @returns `unread` if this process has no free descriptor for that */
export function readOr<T>(unread: T, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!/^E[MN]FILE$/.test(String((error as NodeJS.ErrnoException).code))) throw error;
    return unread;
  }
}

/** Return the real, effective, saved and file system user id from a `/proc/<pid>/status`. Pure. */
export function uidsIn(status: string): number[] {
  const [, ids = ""] = /^Uid:\s+(.*)$/m.exec(status) ?? [];
  return ids.split(/\s+/).filter(Boolean).map(Number);
}

function below(root: number): ReadonlySet<number> {
  return descendants(root, new Map(allPids().map((pid) => [pid, readStat(pid)?.parent ?? 0])));
}

/** Return a process and its descendants. Pure. @param parents the parent of each pid; a process may be listed as its own ancestor */
export function descendants(root: number, parents: ReadonlyMap<number, number>): ReadonlySet<number> {
  const inside = new Map<number, boolean>([[root, true]]);
  for (const pid of parents.keys()) {
    const path: number[] = [];
    let at: number | undefined = pid;
    while (at !== undefined && !inside.has(at)) {
      inside.set(at, false); // Until its ancestors have been checked. This also ends a loop.
      path.push(at);
      at = parents.get(at);
    }
    const found = at !== undefined && inside.get(at) === true;
    for (const each of path) inside.set(each, found);
  }
  return new Set([...inside].flatMap(([pid, isInside]) => (isInside ? [pid] : [])));
}

function allPids(): number[] {
  return readdirSync("/proc").map(Number).filter(Number.isInteger);
}
