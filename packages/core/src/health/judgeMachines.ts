import type { Snapshot } from "../look/snapshot.ts";
import type { HostPresence, ProcessPresence } from "../state/presence.ts";
import type { HealthKind, ReasonCode } from "../domain/healthKinds.ts";
import type { FoundReason } from "../domain/healthLevels.ts";
import { FLEET, hostThresholds, type HostLimits } from "../domain/thresholds.ts";
import type { Scale } from "./scale.ts";

/** Disk, memory and temperature of each machine that has a runner, and how late each process' event loop is. */
export function judgeMachines(snapshot: Snapshot, limits: HostLimits, scale: Scale): FoundReason[] {
  const machines = new Map(
    snapshot.runners.flatMap(({ host, machine }) => (machine ? [[host, machine] as const] : [])),
  );
  return [
    ...judgeEveryDisk([...machines.values()], limits, scale),
    ...[...machines].flatMap(([host, machine]) => judgeMachine(host, machine, limits, scale)),
    ...judgeLags(snapshot, scale),
  ];
}

/** One full disk is its runner's; with all of them full no work can be saved anywhere. */
function judgeEveryDisk(machines: readonly HostPresence[], limits: HostLimits, scale: Scale): FoundReason[] {
  const known = machines.flatMap(({ freeDiskGb }) => (freeDiskGb === null ? [] : [freeDiskGb]));
  if (known.length === 0 || known.length < machines.length) return [];
  const what = { code: "disk-full", level: "critical" } as const;
  const most = Math.max(...known);
  if (!scale.under(most, hostThresholds(limits).diskGb.queue, what)) return [];
  const text = `no runner's disk has more than ${most.toFixed(1)} GB free: make room in their data folders (tac8 clean)`;
  return [{ ...what, host: null, action: "hold", text }];
}

function judgeMachine(host: string, machine: HostPresence, limits: HostLimits, scale: Scale): FoundReason[] {
  const { freeDiskGb, freeMemoryMb, temperatureC } = machine;
  const { diskGb, memoryMb, temperatureC: hot } = hostThresholds(limits);
  const reasons: FoundReason[] = [];
  const slow = (code: ReasonCode, text: string) => {
    reasons.push({ level: "degraded", code, text, action: "slow", host });
  };
  const what = (kind: HealthKind) => ({ code: `${kind}:${host}`, level: "degraded" }) as const;
  if (freeDiskGb !== null && scale.under(freeDiskGb, diskGb.half, what("disk"))) {
    const text = `${host} has only ${freeDiskGb.toFixed(1)} GB of disk free: its janitor clears up; make room if that is not enough`;
    slow(what("disk").code, text);
  }
  if (freeMemoryMb !== null && scale.under(freeMemoryMb, memoryMb.half, what("memory"))) {
    const text = `${host} has only ${Math.round(freeMemoryMb)} MB of memory free: fewer agents at once need less`;
    slow(what("memory").code, text);
  }
  if (temperatureC !== null && scale.hotter(temperatureC, hot.half, what("temperature"))) {
    slow(what("temperature").code, `${host} has ${Math.round(temperatureC)} °C: give it air`);
  }
  return reasons;
}

function judgeLags({ scheduler, runners }: Snapshot, scale: Scale): FoundReason[] {
  const late = (who: string, host: string | null, process: ProcessPresence | undefined): FoundReason[] => {
    const ms = process?.lagMs ?? 0;
    const code = `lag:${who}` as const;
    const text = `${who} did not turn its event loop for ${ms} ms: its machine has too much to do`;
    if (host !== null && scale.over(ms, FLEET.lagMs.half, { code, level: "degraded" })) {
      return [{ level: "degraded", code, text, action: "slow", host }];
    }
    if (!scale.over(ms, FLEET.lagMs.warning, { code, level: "warning" })) return [];
    return [{ level: "warning", code, text, action: null, host }];
  };
  return [
    ...late("scheduler", null, scheduler?.process),
    ...runners.flatMap(({ name, host, process }) => late(name, host, process)),
  ];
}
