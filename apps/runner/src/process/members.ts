import { readdirSync } from "node:fs";
import { isSameProcess, readProc, readStat, startTimeOf, type ProcessId } from "@tac8/core/process/procfs";

/** What every process of a run has in common, whatever an agent does to its environment and its session. */
export type Membership =
  /** It is below `root`, as no process can leave a sandbox's namespace: orphans there become children of its first process. */
  | { readonly kind: "tree"; readonly root: ProcessId }
  /** It has this user id, which no other run and nothing of tac8 has. */
  | { readonly kind: "uid"; readonly uid: number };

/** The tree below the process that makes a sandbox. @returns null: that process ended */
export function treeBelow(pid: number): Membership | null {
  const start = startTimeOf(pid);
  return start === null ? null : { kind: "tree", root: { pid, startTime: start } };
}

/** The processes of a user that a run has for itself. @throws Error the user id is root's, or the one that tac8 has */
export function ofUser(uid: number): Membership {
  if (uid === 0 || uid === process.getuid?.()) throw new Error(`the user id ${uid} belongs to no single run`);
  return { kind: "uid", uid };
}

/**
 * Pids of living processes that belong to a run; null: nothing is known. One that moves in the tree while it is read, because its
 * parent ends, may be missing until the next check.
 */
export function membersOf(membership: Membership | null): ReadonlySet<number> {
  if (membership === null) return new Set();
  if (membership.kind === "tree") return isSameProcess(membership.root) ? below(membership.root.pid) : new Set();
  const { uid } = membership;
  return new Set(allPids().filter((pid) => uidsIn(readProc(`/proc/${pid}/status`) ?? "").includes(uid)));
}

/** Real, effective, saved and file system user id of a `/proc/<pid>/status`. Pure. */
export function uidsIn(status: string): number[] {
  const [, ids = ""] = /^Uid:\s+(.*)$/m.exec(status) ?? [];
  return ids.split(/\s+/).filter(Boolean).map(Number);
}

function below(root: number): ReadonlySet<number> {
  return descendants(root, new Map(allPids().map((pid) => [pid, readStat(pid)?.parent ?? 0])));
}

/** The process itself and everything below it. `parents`: by pid; also of one that is listed twice, or is its own ancestor. Pure. */
export function descendants(root: number, parents: ReadonlyMap<number, number>): ReadonlySet<number> {
  const inside = new Map<number, boolean>([[root, true]]);
  for (const pid of parents.keys()) {
    const path: number[] = [];
    let at: number | undefined = pid;
    while (at !== undefined && !inside.has(at)) {
      inside.set(at, false); // Until its ancestors say otherwise: a circle ends here.
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
