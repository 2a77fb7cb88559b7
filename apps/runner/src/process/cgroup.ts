import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { LEAF, planLeaf, type OwnGroup } from "./leaf.ts";

/**
 * A control group of a run's own: nothing that an agent starts gets out of it, whatever it does to its environment and
 * descriptors. Only where the host lets us make one: in cgroup v2, and in v1's hierarchy of the pids controller, which
 * hosts without v2, or with a v2 tree that has no controllers, have. Elsewhere everything here does nothing.
 */

const PREFIX = "tac8-";
/** None of those that are removed when they are empty. */
const PROBE_PREFIX = "probe-tac8-";

/** What is written to a control group's files, by their names: `cpu.max`, `memory.max` … */
export type GroupLimits = Readonly<Record<string, string>>;

export interface GroupOptions {
  readonly runId: string;
  readonly limits?: GroupLimits;
}

/** Starts something inside of the run's groups, where there can be any; synchronous, so that nobody else gets in. */
export function spawnInCgroup<T>({ runId, limits = {} }: GroupOptions, spawn: () => T): T {
  const entered = ownCgroups().filter(({ base }) => enter(groupOf(base, runId), limits));
  try {
    return spawn();
  } finally {
    for (const { own } of entered) writeFileSync(join(own, "cgroup.procs"), String(process.pid));
  }
}

/** Runs whose groups are empty still: what enters them has just been started. */
const entering = new Set<string>();

/** Enters these groups and then becomes the program. One whose group was removed meanwhile makes it again, without limits. */
const ENTER = `
while [ "$1" != -- ]; do
  echo $$ >"$1/cgroup.procs" || { mkdir -p "$1" && echo $$ >"$1/cgroup.procs"; }
  shift
done 2>/dev/null
shift
exec "$@"`;

/**
 * Make the run's groups, where there can be any, and return what goes before a program for it to enter them by itself: nothing where
 * there are none. So this process, which limits of a group could end, never is in one.
 */
export function cgroupPrefix({ runId, limits = {} }: GroupOptions): string[] {
  const groups = ownCgroups()
    .map(({ base }) => groupOf(base, runId))
    .filter((group) => open(group, limits));
  if (groups.length === 0) return [];
  entering.add(runId);
  return ["/bin/sh", "-c", ENTER, "sh", ...groups, "--"];
}

/**
 * Those of these limits that the kernel takes for a group of ours here: most hosts give nobody their controllers. Where systemd has
 * delegated this process's group to us, it moves to one below it first: see `planLeaf`.
 */
export function takenLimits(limits: GroupLimits): GroupLimits {
  if (Object.keys(limits).length === 0) return {};
  for (const { own } of ownCgroups()) moveToLeaf(own);
  return Object.assign({}, ...ownCgroups().map(({ base }) => takenIn(base, limits))) as GroupLimits;
}

/** @param wanted controllers; others only in tests. @returns whether this process is in a leaf now */
export function moveToLeaf(own: string, wanted?: readonly string[]): boolean {
  const me = { pid: process.pid, uid: process.getuid?.() ?? 0 };
  const plan = planLeaf(readGroup(own), wanted === undefined ? me : { ...me, wanted });
  if (plan === null) return false;
  try {
    mkdirSync(plan.leaf, { recursive: true });
  } catch {
    return false; // Read-only.
  }
  // One that ended meanwhile moves no more.
  for (const pid of plan.move) write(join(plan.leaf, "cgroup.procs"), String(pid));
  return plan.give.map((name) => write(join(own, "cgroup.subtree_control"), `+${name}`)).includes(true);
}

function readGroup(folder: string): OwnGroup {
  const words = (name: string): string[] => read(join(folder, name)).split(/\s+/).filter(Boolean);
  const owners = ["cgroup.procs", "cgroup.subtree_control"].map(
    (name) => statSync(join(folder, name), { throwIfNoEntry: false })?.uid ?? null,
  );
  return {
    folder,
    owner: owners[0] === owners[1] ? (owners[0] ?? null) : null,
    controllers: words("cgroup.controllers"),
    given: words("cgroup.subtree_control"),
    processes: words("cgroup.procs").map((pid) => ({
      pid: Number(pid),
      parent: Number(/^PPid:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0),
    })),
  };
}

function takenIn(base: string, limits: GroupLimits): GroupLimits {
  for (const controller of ["memory", "cpu", "pids"]) write(join(base, "cgroup.subtree_control"), `+${controller}`);
  const group = join(base, PROBE_PREFIX + randomUUID());
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
  const texts = ownCgroups().map(({ base }) => read(join(groupOf(base, runId), "cgroup.procs")));
  return new Set(texts.join("\n").split("\n").filter(Boolean).map(Number));
}

/**
 * Keeps the run's groups from growing before their processes are killed one by one: without it each kill makes room for
 * the next child. A group that is entered again is opened again.
 */
export function closeCgroups(runId: string): void {
  entering.delete(runId);
  for (const { base } of ownCgroups()) {
    for (const [file, value] of CLOSED) write(join(groupOf(base, runId), file), value);
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

/** Take the run's groups away, if nothing has entered them: what was about to could not be started. */
export function abandonCgroups(runId: string): void {
  entering.delete(runId);
  for (const { base } of ownCgroups()) remove(groupOf(base, runId));
}

/** How often the kernel has killed in the run's own group for want of memory; null: it counts nothing there. */
export function oomKills(runId: string): number | null {
  const counts = ownCgroups().map(({ base }) => oomKillsIn(join(groupOf(base, runId), "memory.events")));
  return counts.find((count) => count !== null) ?? null;
}

/** The same by a `memory.events` file, which counts for all groups below its own too, also for those that are gone. */
export function oomKillsIn(file: string): number | null {
  const count = /^oom_kill (\d+)$/m.exec(read(file))?.[1];
  return count === undefined ? null : Number(count);
}

/** Removes all groups that nobody is left in: of this run, and of others whose last one was slow to go. */
export function removeEmptyCgroups(): void {
  for (const { base } of ownCgroups()) {
    for (const name of readdirSync(base)) {
      if (!name.startsWith(PREFIX) || entering.has(name.slice(PREFIX.length))) continue;
      remove(join(base, name));
    }
  }
}

function remove(group: string): void {
  try {
    rmdirSync(group);
  } catch {
    // A process is still in it: the kernel takes no group away from anybody. Or it is gone.
  }
}

function groupOf(base: string, runId: string): string {
  return join(base, PREFIX + runId);
}

function enter(group: string, limits: GroupLimits): boolean {
  // Twice, because as long as it is empty a user may remove it again.
  for (let attempt = 0; attempt < 2; attempt += 1) {
    if (!open(group, limits)) continue;
    try {
      writeFileSync(join(group, "cgroup.procs"), String(process.pid));
      return true;
    } catch {
      continue; // Out of our reach: the other ways to find survivors remain.
    }
  }
  return false;
}

/** Make a group. @returns whether it is there */
function open(group: string, limits: GroupLimits): boolean {
  try {
    mkdirSync(group, { recursive: true });
  } catch {
    return false; // Read-only, or not ours.
  }
  // Another agent of the same run may have ended in it a moment ago.
  for (const [file, value] of [...OPEN, ...Object.entries(limits)]) write(join(group, file), value);
  return true;
}

interface OwnCgroup {
  /** Folder of the group that this process is in. */
  readonly own: string;
  /** Folder that groups of runs are made in: the same, or the one above where this process is in a leaf. */
  readonly base: string;
}

/** None where there is no cgroup v2 and no pids controller of v1. */
function ownCgroups(): OwnCgroup[] {
  const mounts = read("/proc/self/mountinfo");
  const groups = read("/proc/self/cgroup");
  return HIERARCHIES.flatMap(({ mount, group }) => {
    const folder = mount.exec(mounts)?.[1];
    const path = group.exec(groups)?.[1];
    if (folder === undefined || path === undefined) return [];
    const own = join(folder, path);
    if (!existsSync(join(own, "cgroup.procs"))) return [];
    return [{ own, base: basename(own) === LEAF ? dirname(own) : own }];
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
    return false; // Its controller is not given to us, or not to be given while a process is in our group.
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // Not there on this host, or gone meanwhile.
  }
}
