import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { LEAF, planLeaf, type OwnGroup } from "./leaf.ts";

/**
 * One control group per run. No process of an agent can leave it, whatever it does to its environment and descriptors. A group is
 * made if the host allows it: in cgroup v2, and in the hierarchy of the pids controller of v1, which hosts without v2, or without
 * controllers in v2, have. Otherwise every function of this file does nothing.
 */

const PREFIX = "tac8-";
/** Prefix of groups for checks. It differs from the prefix of the groups that are removed when they are empty. */
const PROBE_PREFIX = "probe-tac8-";

/** Values for the files of a control group, by file name: `cpu.max`, `memory.max` … */
export type GroupLimits = Readonly<Record<string, string>>;

export interface GroupOptions {
  readonly runId: string;
  readonly limits?: GroupLimits;
  /** Path of bash, which enters the groups. */
  readonly bash: string;
}

/** Time for the first process of a group to enter it. Until then, only its own run removes the empty group, and no other process does. */
const ENTER_MS = 60_000;

/** Shell script that enters these groups and then becomes the program. If a group was removed meanwhile, the script makes it again, without limits. */
const ENTER = `
while [ "$1" != -- ]; do
  echo $$ >"$1/cgroup.procs" || { mkdir -p "$1" && echo $$ >"$1/cgroup.procs"; }
  shift
done 2>/dev/null
shift
exec "$@"`;

/**
 * Make the run's groups, if the host allows them, and return the command line that goes before a program so that it enters them by
 * itself. Without groups the command line is empty. So the runner never enters a group, whose limits could end it.
 */
export function cgroupPrefix({ runId, limits = {}, bash }: GroupOptions): string[] {
  const groups = ownCgroups()
    .map(({ base }) => groupOf(base, runId))
    .filter((group) => open(group, limits));
  if (groups.length === 0) return [];
  // Bash passes on every variable, whatever its name is. With these options it runs no file before the script.
  return [bash, "--norc", "-p", "-c", ENTER, "bash", ...groups, "--"];
}

/**
 * Return the limits that the kernel accepts for a run's group on this host. Most hosts delegate no controllers. If systemd has
 * delegated this process's group, the process first moves to a group below it: see `planLeaf`.
 */
export function takenLimits(limits: GroupLimits): GroupLimits {
  if (Object.keys(limits).length === 0) return {};
  for (const { own } of ownCgroups()) moveToLeaf(own);
  return Object.assign({}, ...ownCgroups().map(({ base }) => takenIn(base, limits))) as GroupLimits;
}

/** Move this process to a leaf group. @param wanted controllers; tests use others. @returns whether this process is in a leaf group now */
export function moveToLeaf(own: string, wanted?: readonly string[]): boolean {
  const me = { pid: process.pid, uid: process.getuid?.() ?? 0 };
  const plan = planLeaf(readGroup(own), wanted === undefined ? me : { ...me, wanted });
  if (plan === null) return false;
  try {
    mkdirSync(plan.leaf, { recursive: true });
  } catch {
    return false; // Read-only.
  }
  // A process that ended meanwhile cannot move.
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
    return {}; // Read-only, or owned by another user.
  } finally {
    if (existsSync(group)) rmdirSync(group);
  }
}

/** Return the pids in the run's groups. */
export function cgroupMembers(runId: string): ReadonlySet<number> {
  const texts = ownCgroups().map(({ base }) => read(join(groupOf(base, runId), "cgroup.procs")));
  return new Set(texts.join("\n").split("\n").filter(Boolean).map(Number));
}

/**
 * Prevent new processes in the run's groups before their processes are killed one by one. Otherwise each kill would make room for
 * the next child. A group is opened again when a process is started in it.
 */
export function closeCgroups(runId: string): void {
  for (const { base } of ownCgroups()) {
    for (const [file, value] of CLOSED) write(join(groupOf(base, runId), file), value);
  }
}

/** SIGKILL also ends a frozen process (v2). `pids.max` prevents new processes and does not affect existing ones. */
const CLOSED = [
  ["cgroup.freeze", "1"],
  ["pids.max", "0"],
] as const;
const OPEN = [
  ["cgroup.freeze", "0"],
  ["pids.max", "max"],
] as const;

/** Remove the run's groups if no process has entered them, because the process could not be started. */
export function abandonCgroups(runId: string): void {
  for (const { base } of ownCgroups()) remove(groupOf(base, runId));
}

/** Return how many processes in the run's own group the kernel killed because memory ran out. Null if it does not count them. */
export function oomKills(runId: string): number | null {
  const counts = ownCgroups().map(({ base }) => oomKillsIn(join(groupOf(base, runId), "memory.events")));
  return counts.find((count) => count !== null) ?? null;
}

/** Return the same number from a `memory.events` file. It includes all groups below its own, also removed ones. */
export function oomKillsIn(file: string): number | null {
  const count = /^oom_kill (\d+)$/m.exec(read(file))?.[1];
  return count === undefined ? null : Number(count);
}

/** Remove the empty groups: those of this run, whose processes ended, and older ones of other runs, whose last process ended late. */
export function removeEmptyCgroups(runId: string): void {
  for (const { base } of ownCgroups()) {
    for (const name of readdirSync(base).filter((one) => one.startsWith(PREFIX))) {
      const group = join(base, name);
      if (name === PREFIX + runId || ageOf(group) >= ENTER_MS) remove(group);
    }
  }
}

/** Return the time in ms since a group was made. 0: it was removed meanwhile. */
function ageOf(group: string): number {
  const made = statSync(group, { throwIfNoEntry: false })?.mtimeMs; // A process that enters the group does not change this time.
  return made === undefined ? 0 : Date.now() - made;
}

function remove(group: string): void {
  try {
    rmdirSync(group);
  } catch {
    // A process is still in the group, so the kernel refuses to remove it. Or the group was already removed.
  }
}

function groupOf(base: string, runId: string): string {
  return join(base, PREFIX + runId);
}

/** Make a group. @returns whether it exists */
function open(group: string, limits: GroupLimits): boolean {
  remove(group); // Made again, an empty one is as old as its next process.
  try {
    mkdirSync(group, { recursive: true });
  } catch {
    return false; // Read-only, or owned by another user.
  }
  // The end of the previous agent of the same run may have left this group closed.
  for (const [file, value] of [...OPEN, ...Object.entries(limits)]) write(join(group, file), value);
  return true;
}

interface OwnCgroup {
  /** Folder of this process's group. */
  readonly own: string;
  /** Folder in which groups of runs are made: the same folder, or the one above if this process is in a leaf group. */
  readonly base: string;
}

/** Return the groups of this process. Empty without cgroup v2 and without the pids controller of v1. */
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

/** Write to a file of a group. @returns whether the kernel accepted the value */
function write(path: string, value: string): boolean {
  try {
    writeFileSync(path, value, { flag: "r+" }); // `r+`, because files cannot be created in a group.
    return true;
  } catch {
    return false; // The controller is not delegated, or cannot be enabled while a process is in the group.
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // Missing on this host, or removed meanwhile.
  }
}
