import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Logger } from "@tac8/core/log/logger";
import { takenLimits, type GroupLimits } from "../process/cgroup.ts";
import { readProc } from "../process/startTime.ts";
import { affinityPrefix, allowedCores, coresOf } from "./affinity.ts";
import { probeScope, scopePrefix } from "./scope.ts";

/** What one run may use, all of its processes together; 0 is no limit. */
export interface Limits {
  readonly maxBytes: number;
  /** Cores; may be a fraction. */
  readonly cpus: number;
}

/** The limits, and who sees to them. */
export interface Ceiling extends Limits {
  readonly memoryBy: "systemd" | "control group" | "watch" | null;
  readonly cpusBy: "systemd" | "control group" | "affinity" | null;
  /** Goes before the agent's program, so that systemd puts it into a scope. */
  readonly prefix: readonly string[];
  /** For the run's own control group. */
  readonly group: GroupLimits;
  /** Where systemd enforces the limit of memory: the file that counts what the kernel has killed by it. */
  readonly oomEvents: string | null;
  /** Cores that this process may use. */
  readonly allowed: readonly number[];
}

const PROBE_MS = 5000;

export interface CeilingOptions {
  readonly maxMb: number;
  readonly maxCpus: number;
  readonly uid: number;
  /** Where programs are looked for. */
  readonly path: string;
}

/**
 * Finds out once, by trying, who can enforce the limits here: systemd by a scope, else we by the run's own control group
 * (where its controllers are given to us), else the kernel by a choice of cores, for whole ones. Memory is watched anyway.
 */
export async function findCeiling({ maxMb, maxCpus, uid, path }: CeilingOptions): Promise<Ceiling> {
  const limits: Limits = { maxBytes: maxMb * 1024 ** 2, cpus: maxCpus };
  const wanted = { memory: limits.maxBytes > 0, cpus: limits.cpus > 0 };
  const scope = wanted.memory || wanted.cpus ? await probeScope({ ...limits, uid, path }) : NEITHER;
  const inScope = scope.memory || scope.cpus;
  // A scope takes the agent out of any other group.
  const group = inScope ? {} : takenLimits(groupLimits(limits));
  const allowed = allowedCores(readProc("/proc/self/status") ?? "");
  const memory = scope.memory ? "systemd" : "memory.max" in group ? "control group" : "watch";
  const quota = scope.cpus ? "systemd" : "cpu.max" in group ? "control group" : null;
  const cpus = quota ?? (wanted.cpus && (await hasAffinity(allowed, path)) ? "affinity" : null);
  return {
    ...limits,
    memoryBy: wanted.memory ? memory : null,
    cpusBy: wanted.cpus ? cpus : null,
    prefix: inScope ? scopePrefix({ ...limits, uid }) : [],
    group,
    oomEvents: scope.memory ? scope.oomEvents : null,
    allowed,
  };
}

const NEITHER = { memory: false, cpus: false, oomEvents: null };

/** Which of them the kernel enforces differs from host to host: once, at the start. */
export function sayCeiling({ maxBytes, cpus, memoryBy, cpusBy }: Ceiling, log: Pick<Logger, "info" | "warn">): void {
  if (memoryBy !== null) log.info({ bytes: maxBytes, by: memoryBy }, "a run's memory is limited");
  if (cpusBy !== null) log.info({ cpus, by: cpusBy }, "a run's cores are limited");
  else if (cpus > 0) log.warn({ cpus }, "nothing on this host can limit a run's cores: install taskset (util-linux)");
}

/** What goes before the program of an agent in this slot. */
export function programPrefix({ prefix, cpus, cpusBy, allowed }: Ceiling, slot: number): string[] {
  return [...prefix, ...(cpusBy === "affinity" ? affinityPrefix(coresOf({ allowed, cpus, slot })) : [])];
}

/** Of a whole group: with `memory.oom.group` the kernel ends all of the run's processes, not just the largest. Pure. */
export function groupLimits({ maxBytes, cpus }: Limits): GroupLimits {
  const memory = { "memory.max": String(maxBytes), "memory.swap.max": "0", "memory.oom.group": "1" };
  return {
    ...(maxBytes > 0 ? memory : {}),
    ...(cpus > 0 ? { "cpu.max": `${Math.max(1000, Math.round(cpus * PERIOD_US))} ${PERIOD_US}` } : {}),
  };
}

const PERIOD_US = 100_000;

async function hasAffinity([core]: readonly number[], path: string): Promise<boolean> {
  if (core === undefined) return false;
  const [program = "", ...args] = affinityPrefix([core]);
  const options = { env: { PATH: path }, timeout: PROBE_MS, killSignal: "SIGKILL" } as const;
  return promisify(execFile)(program, [...args, "true"], options).then(
    () => true,
    () => false, // Not installed, or not allowed.
  );
}
