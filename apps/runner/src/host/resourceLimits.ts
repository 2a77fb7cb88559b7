import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Logger } from "@tac8/core/log/logger";
import { takenLimits, type GroupLimits } from "../process/cgroup.ts";
import { readProc } from "@tac8/core/process/procfs";
import { affinityPrefix, allowedCores, coresOf } from "./affinity.ts";
import { kernelTasks, rlimitPrefix, userTaskLimit, type Limits } from "./rlimits.ts";
import { probeScope, scopePrefix } from "./scope.ts";

/** The limits, and how each is enforced. */
export interface ResourceLimits extends Limits {
  readonly memoryBy: "systemd" | "control group" | "watch" | null;
  readonly cpusBy: "systemd" | "control group" | "affinity" | null;
  readonly tasksBy: "systemd" | "control group" | "user limit" | "watch" | null;
  /** Prefix of the agent's program: resource limits, and the command that makes systemd put it into a scope. */
  readonly prefix: readonly string[];
  /** Limits of the run's own control group. */
  readonly group: GroupLimits;
  /** If systemd enforces the memory limit: the file in which the kernel counts its kills. */
  readonly oomEvents: string | null;
  /** Cores that this process may use. */
  readonly allowed: readonly number[];
}

const PROBE_MS = 5000;

export interface ResourceLimitsOptions {
  readonly maxMb: number;
  readonly maxCpus: number;
  readonly maxTasks: number;
  /** Number of concurrent runs of this runner. */
  readonly runs: number;
  readonly uid: number;
  /** Default: false. The agents of each run have their own Unix user, and are started by another process. */
  readonly ownUsers?: boolean;
  /** PATH in which programs are searched for. */
  readonly path: string;
}

/**
 * Find out once, by trying, how the limits can be enforced on this host: by systemd with a scope, otherwise by the
 * run's own control group if the runner may use its controllers, otherwise by a choice of whole cores and by the user's
 * limit of processes. Memory and processes are also watched in any case. A scope is not used only for processes,
 * because it would move the agent out of the runner's own group, by which its service manager finds it.
 */
export async function findResourceLimits(options: ResourceLimitsOptions): Promise<ResourceLimits> {
  const { maxMb, maxCpus, maxTasks, runs, uid, ownUsers = false, path } = options;
  const limits: Limits = { maxBytes: maxMb * 1024 ** 2, cpus: maxCpus, maxTasks };
  const wanted = { memory: limits.maxBytes > 0, cpus: limits.cpus > 0 };
  // The agents are in no group that this process could create.
  const scope = !ownUsers && (wanted.memory || wanted.cpus) ? await probeScope({ ...limits, uid, path }) : NEITHER;
  const inScope = scope.memory || scope.cpus;
  // A scope moves the agent out of any other group.
  const group = inScope || ownUsers ? {} : takenLimits(groupLimits(limits));
  const allowed = allowedCores(readProc("/proc/self/status") ?? "");
  const memory = scope.memory ? "systemd" : "memory.max" in group ? "control group" : "watch";
  const quota = scope.cpus ? "systemd" : "cpu.max" in group ? "control group" : null;
  const cpus = quota ?? (wanted.cpus && (await hasAffinity(allowed, path)) ? "affinity" : null);
  const rlimits = await findRlimits({ uid, ownUsers, path, runs, tasks: kernelTasks(maxTasks) });
  const counted = scope.tasks ? "systemd" : "pids.max" in group ? "control group" : null;
  const tasks = counted ?? (rlimits.userTasks === null ? "watch" : "user limit");
  return {
    ...limits,
    memoryBy: wanted.memory ? memory : null,
    cpusBy: wanted.cpus ? cpus : null,
    tasksBy: maxTasks > 0 ? tasks : null,
    prefix: [
      ...(rlimits.found ? rlimitPrefix({ userTasks: counted === null ? rlimits.userTasks : null }) : []),
      ...(inScope ? scopePrefix({ ...limits, uid }) : []),
    ],
    group,
    oomEvents: scope.memory ? scope.oomEvents : null,
    allowed,
  };
}

const NEITHER = { memory: false, cpus: false, tasks: false, oomEvents: null };

/** Log how the limits are enforced, once at the start, because it differs from host to host. */
export function logResourceLimits(resourceLimits: ResourceLimits, log: Pick<Logger, "info" | "warn">): void {
  const { maxBytes, cpus, maxTasks, memoryBy, cpusBy, tasksBy } = resourceLimits;
  if (memoryBy !== null) log.info({ bytes: maxBytes, by: memoryBy }, "memory limit of each run");
  if (cpusBy !== null) log.info({ cpus, by: cpusBy }, "core limit of each run");
  else if (cpus > 0) log.warn({ cpus }, "cannot limit the cores of a run on this host: install taskset (util-linux)");
  if (tasksBy !== null) log.info({ processes: maxTasks, by: tasksBy }, "process limit of each run");
}

/** Return the prefix of an agent's program in this slot. */
export function programPrefix({ prefix, cpus, cpusBy, allowed }: ResourceLimits, slot: number): string[] {
  return [...prefix, ...(cpusBy === "affinity" ? affinityPrefix(coresOf({ allowed, cpus, slot })) : [])];
}

/**
 * Return the limits of a whole group. With `memory.oom.group`, the kernel ends all processes of the run, not only the
 * largest. Pure.
 */
export function groupLimits({ maxBytes, cpus, maxTasks }: Limits): GroupLimits {
  const memory = { "memory.max": String(maxBytes), "memory.swap.max": "0", "memory.oom.group": "1" };
  return {
    ...(maxBytes > 0 ? memory : {}),
    ...(cpus > 0 ? { "cpu.max": `${Math.max(1000, Math.round(cpus * PERIOD_US))} ${PERIOD_US}` } : {}),
    ...(maxTasks > 0 ? { "pids.max": String(kernelTasks(maxTasks)) } : {}),
  };
}

const PERIOD_US = 100_000;

async function hasAffinity([core]: readonly number[], path: string): Promise<boolean> {
  return core !== undefined && runs(affinityPrefix([core]), path);
}

interface FoundRlimits {
  readonly found: boolean;
  readonly userTasks: number | null;
}

async function findRlimits(options: Parameters<typeof userTaskLimit>[0] & { path: string }): Promise<FoundRlimits> {
  const found = await runs(rlimitPrefix({ userTasks: null }), options.path);
  return { found, userTasks: found ? userTaskLimit(options) : null };
}

/** Return whether a program starts with this prefix. */
async function runs([program = "", ...args]: readonly string[], path: string): Promise<boolean> {
  const options = { env: { PATH: path }, timeout: PROBE_MS, killSignal: "SIGKILL" } as const;
  return promisify(execFile)(program, [...args, "true"], options).then(
    () => true,
    () => false, // Not installed, or not allowed.
  );
}
