import type { Snapshot } from "../status/snapshot.ts";
import type { HostPresence, ProcessPresence } from "../state/presence.ts";
import type { AdmissionCause } from "../domain/admissionCause.ts";
import type { FoundReason } from "../domain/healthLevels.ts";
import { FLEET, hostThresholds, type HostLimits } from "../domain/thresholds.ts";
import type { Hysteresis } from "./hysteresis.ts";

/** A machine that has a runner. */
interface Machine {
  readonly host: string;
  readonly reading: HostPresence;
  /** Causes that its runner has announced; null: its runners have older versions, for which the scheduler decides. */
  readonly announced: readonly AdmissionCause[] | null;
}

/** Evaluate disk, memory and temperature of each machine that has a runner, and the event loop lag of each process. */
export function evaluateMachines(snapshot: Snapshot, limits: HostLimits, hysteresis: Hysteresis): FoundReason[] {
  const machines = new Map<string, Machine>();
  for (const { host, machine: reading, admission } of snapshot.runners) {
    if (reading === undefined) continue;
    const announced = admission?.causes ?? machines.get(host)?.announced ?? null;
    machines.set(host, { host, reading, announced });
  }
  const all = [...machines.values()];
  return [
    ...evaluateEveryDisk(
      all.map(({ reading }) => reading),
      limits,
      hysteresis,
    ),
    ...all.flatMap((machine) => evaluateMachine(machine, limits, hysteresis)),
    ...evaluateLags(snapshot, hysteresis),
  ];
}

/** Evaluate all disks together. A single full disk only affects its runner. If all are full, no work can be saved. */
function evaluateEveryDisk(
  machines: readonly HostPresence[],
  limits: HostLimits,
  hysteresis: Hysteresis,
): FoundReason[] {
  const known = machines.flatMap(({ freeDiskGb }) => (freeDiskGb === null ? [] : [freeDiskGb]));
  if (known.length === 0 || known.length < machines.length) return [];
  const what = { code: "disk-full", level: "critical" } as const;
  const most = Math.max(...known);
  if (!hysteresis.under(most, hostThresholds(limits).diskGb.queue, what)) return [];
  const text = `no runner has more than ${most.toFixed(1)} GB of free disk space: free up space in their data folders (tac8 clean)`;
  return [{ ...what, host: null, action: "hold", text }];
}

/** Evaluate a machine by its runner's announcement, or by the scheduler's limits: then runners of older versions slow down. */
function evaluateMachine(
  { host, reading, announced }: Machine,
  limits: HostLimits,
  hysteresis: Hysteresis,
): FoundReason[] {
  const { freeDiskGb, freeMemoryMb, temperatureC } = reading;
  const { diskGb, memoryMb, temperatureC: hot } = hostThresholds(limits);
  const what = (kind: MachineKind) => ({ code: `${kind}:${host}`, level: "degraded" }) as const;
  const isShort: Readonly<Record<MachineKind, () => boolean>> = {
    disk: () => freeDiskGb !== null && hysteresis.under(freeDiskGb, diskGb.half, what("disk")),
    memory: () => freeMemoryMb !== null && hysteresis.under(freeMemoryMb, memoryMb.half, what("memory")),
    temperature: () => temperatureC !== null && hysteresis.hotter(temperatureC, hot.half, what("temperature")),
  };
  const texts: Readonly<Record<MachineKind, string>> = {
    disk: `only ${(freeDiskGb ?? 0).toFixed(1)} GB of free disk space: its janitor is cleaning up; if that is not enough, free up space`,
    memory: `only ${Math.round(freeMemoryMb ?? 0)} MB of free memory: run fewer agents at the same time`,
    temperature: `${Math.round(temperatureC ?? 0)} °C: improve the cooling`,
  };
  return MACHINE_KINDS.filter((kind) =>
    announced === null ? isShort[kind]() : announced.some(({ code }) => code === kind),
  ).map((kind) => ({ ...what(kind), text: `${host} has ${texts[kind]}`, action: "slow", host }));
}

const MACHINE_KINDS = ["disk", "memory", "temperature"] as const;
type MachineKind = (typeof MACHINE_KINDS)[number];

function evaluateLags({ scheduler, runners }: Snapshot, hysteresis: Hysteresis): FoundReason[] {
  const late = (name: string, host: string | null, process: ProcessPresence | undefined): FoundReason[] => {
    const ms = process?.lagMs ?? 0;
    const code = `lag:${name}` as const;
    const text = `${name} did not run its event loop for ${ms} ms: its machine is overloaded`;
    if (host !== null && hysteresis.over(ms, FLEET.lagMs.half, { code, level: "degraded" })) {
      return [{ level: "degraded", code, text, action: "slow", host }];
    }
    if (!hysteresis.over(ms, FLEET.lagMs.warning, { code, level: "warning" })) return [];
    return [{ level: "warning", code, text, action: null, host }];
  };
  return [
    ...late("scheduler", null, scheduler?.process),
    ...runners.flatMap(({ name, host, process }) => late(name, host, process)),
  ];
}
