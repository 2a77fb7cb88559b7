import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A control group of a run's own: nothing that an agent starts gets out of it, whatever it does to its environment and
 * descriptors. Only where the host lets us make one (cgroup v2, writable); elsewhere everything here does nothing.
 */

const PREFIX = "tac8-";
/** None of those that are taken away when they are empty. */
const PROBE_PREFIX = "probe-tac8-";

/** What is written to a control group's files, by their names: `cpu.max`, `memory.max` … */
export type GroupLimits = Readonly<Record<string, string>>;

export interface GroupOptions {
  readonly runId: string;
  readonly limits?: GroupLimits;
}

/** Starts something inside of the run's group, where there can be one; synchronous, so that nobody else gets in. */
export function spawnInCgroup<T>({ runId, limits = {} }: GroupOptions, spawn: () => T): T {
  const own = ownCgroup();
  const group = own === null ? null : groupOf(own, runId);
  if (own === null || group === null || !enter(group, limits)) return spawn();
  try {
    return spawn();
  } finally {
    writeFileSync(join(own, "cgroup.procs"), String(process.pid));
  }
}

/** Those of these limits that the kernel takes for a group of ours here: most hosts give nobody their controllers. */
export function takenLimits(limits: GroupLimits): GroupLimits {
  const own = ownCgroup();
  if (own === null || Object.keys(limits).length === 0) return {};
  for (const controller of ["memory", "cpu"]) write(join(own, "cgroup.subtree_control"), `+${controller}`);
  const group = join(own, PROBE_PREFIX + randomUUID());
  try {
    mkdirSync(group);
    return Object.fromEntries(Object.entries(limits).filter(([file, value]) => write(join(group, file), value)));
  } catch {
    return {}; // Read-only, or not ours.
  } finally {
    if (existsSync(group)) rmdirSync(group);
  }
}

/** Pids in the run's group. */
export function cgroupMembers(runId: string): ReadonlySet<number> {
  const own = ownCgroup();
  const text = own === null ? "" : read(join(groupOf(own, runId), "cgroup.procs"));
  return new Set(text.split("\n").filter(Boolean).map(Number));
}

/** How often the kernel has killed in the run's own group for want of memory; null: it counts nothing there. */
export function oomKills(runId: string): number | null {
  const own = ownCgroup();
  return own === null ? null : oomKillsIn(join(groupOf(own, runId), "memory.events"));
}

/** The same by a `memory.events` file, which counts for all groups below its own too, also for those that are gone. */
export function oomKillsIn(file: string): number | null {
  const count = /^oom_kill (\d+)$/m.exec(read(file))?.[1];
  return count === undefined ? null : Number(count);
}

/** Takes away all groups that nobody is left in: of this run, and of others whose last one was slow to go. */
export function removeEmptyCgroups(): void {
  const own = ownCgroup();
  if (own === null) return;
  for (const name of readdirSync(own).filter((entry) => entry.startsWith(PREFIX))) {
    try {
      rmdirSync(join(own, name));
    } catch {
      // Somebody is still in it: the kernel takes no group away from anybody.
    }
  }
}

function groupOf(own: string, runId: string): string {
  return join(own, PREFIX + runId);
}

function enter(group: string, limits: GroupLimits): boolean {
  // Twice, because as long as it is empty somebody may take it away again.
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      mkdirSync(group, { recursive: true });
      for (const [file, value] of Object.entries(limits)) write(join(group, file), value);
      writeFileSync(join(group, "cgroup.procs"), String(process.pid));
      return true;
    } catch {
      continue; // Read-only, not ours, or out of our reach: the other ways to find survivors remain.
    }
  }
  return false;
}

/** Folder of the group that we are in ourselves; null where there is no cgroup v2. */
function ownCgroup(): string | null {
  const mount = /^\S+ \S+ \S+ \S+ (\S+) .*- cgroup2 /m.exec(read("/proc/self/mountinfo"))?.[1];
  const path = /^0::(\/.*)$/m.exec(read("/proc/self/cgroup"))?.[1];
  if (mount === undefined || path === undefined) return null;
  const own = join(mount, path);
  return existsSync(join(own, "cgroup.procs")) ? own : null;
}

/** @returns whether the kernel took it. */
function write(path: string, value: string): boolean {
  try {
    writeFileSync(path, value, { flag: "r+" }); // In a group a file is there or not: none is made.
    return true;
  } catch {
    return false; // Its controller is not given to us, or not to be given while somebody is in our group.
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // Not there on this host, or gone meanwhile.
  }
}
