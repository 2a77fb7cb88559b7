import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A control group of a run's own: nothing that an agent starts gets out of it, whatever it does to its environment and
 * descriptors. Only where the host lets us make one: in cgroup v2, and in v1's hierarchy of the pids controller, which
 * hosts without v2, or with a v2 tree that has no controllers, have. Elsewhere everything here does nothing.
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

/** Starts something inside of the run's groups, where there can be any; synchronous, so that nobody else gets in. */
export function spawnInCgroup<T>({ runId, limits = {} }: GroupOptions, spawn: () => T): T {
  const entered = ownCgroups().filter((own) => enter(groupOf(own, runId), limits));
  try {
    return spawn();
  } finally {
    for (const own of entered) writeFileSync(join(own, "cgroup.procs"), String(process.pid));
  }
}

/** Those of these limits that the kernel takes for a group of ours here: most hosts give nobody their controllers. */
export function takenLimits(limits: GroupLimits): GroupLimits {
  if (Object.keys(limits).length === 0) return {};
  return Object.assign({}, ...ownCgroups().map((own) => takenIn(own, limits))) as GroupLimits;
}

function takenIn(own: string, limits: GroupLimits): GroupLimits {
  for (const controller of ["memory", "cpu", "pids"]) write(join(own, "cgroup.subtree_control"), `+${controller}`);
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

/** Pids in the run's groups. */
export function cgroupMembers(runId: string): ReadonlySet<number> {
  const texts = ownCgroups().map((own) => read(join(groupOf(own, runId), "cgroup.procs")));
  return new Set(texts.join("\n").split("\n").filter(Boolean).map(Number));
}

/**
 * Keeps the run's groups from growing before their processes are killed one by one: without it each kill makes room for
 * the next child. A group that is entered again is opened again.
 */
export function closeCgroups(runId: string): void {
  for (const own of ownCgroups()) {
    for (const [file, value] of CLOSED) write(join(groupOf(own, runId), file), value);
  }
}

/** A frozen process still dies of SIGKILL (v2). No new process: `pids.max` does not touch those that are there. */
const CLOSED = [
  ["cgroup.freeze", "1"],
  ["pids.max", "0"],
] as const;
const OPEN = [
  ["cgroup.freeze", "0"],
  ["pids.max", "max"],
] as const;

/** How often the kernel has killed in the run's own group for want of memory; null: it counts nothing there. */
export function oomKills(runId: string): number | null {
  const counts = ownCgroups().map((own) => oomKillsIn(join(groupOf(own, runId), "memory.events")));
  return counts.find((count) => count !== null) ?? null;
}

/** The same by a `memory.events` file, which counts for all groups below its own too, also for those that are gone. */
export function oomKillsIn(file: string): number | null {
  const count = /^oom_kill (\d+)$/m.exec(read(file))?.[1];
  return count === undefined ? null : Number(count);
}

/** Takes away all groups that nobody is left in: of this run, and of others whose last one was slow to go. */
export function removeEmptyCgroups(): void {
  for (const own of ownCgroups()) {
    for (const name of readdirSync(own).filter((entry) => entry.startsWith(PREFIX))) {
      try {
        rmdirSync(join(own, name));
      } catch {
        // Somebody is still in it: the kernel takes no group away from anybody.
      }
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
      // Another agent of the same run may have ended in it a moment ago.
      for (const [file, value] of OPEN) write(join(group, file), value);
      for (const [file, value] of Object.entries(limits)) write(join(group, file), value);
      writeFileSync(join(group, "cgroup.procs"), String(process.pid));
      return true;
    } catch {
      continue; // Read-only, not ours, or out of our reach: the other ways to find survivors remain.
    }
  }
  return false;
}

/** Folders of the groups that we are in ourselves; none where there is no cgroup v2 and no pids controller of v1. */
function ownCgroups(): string[] {
  const mounts = read("/proc/self/mountinfo");
  const groups = read("/proc/self/cgroup");
  return HIERARCHIES.flatMap(({ mount, group }) => {
    const folder = mount.exec(mounts)?.[1];
    const path = group.exec(groups)?.[1];
    if (folder === undefined || path === undefined) return [];
    const own = join(folder, path);
    return existsSync(join(own, "cgroup.procs")) ? [own] : [];
  });
}

const HIERARCHIES = [
  { mount: /^\S+ \S+ \S+ \S+ (\S+) .*- cgroup2 /m, group: /^0::(\/.*)$/m },
  {
    mount: /^\S+ \S+ \S+ \S+ (\S+) .*- cgroup \S+ (?:\S*,)?pids(?:,\S*)?$/m,
    group: /^\d+:(?:\S*,)?pids(?:,\S*)?:(\/.*)$/m,
  },
];

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
