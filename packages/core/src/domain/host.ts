import type { AdmissionCause } from "./admissionCause.ts";
import { hostThresholds, isHotter, isOver, isUnder, type HostLimits } from "./thresholds.ts";

/** Measurements of a runner's machine. Null: the value cannot be read on this machine, and is ignored. */
export interface HostReading {
  /** Problem with the data folder; null: none. */
  readonly dataFolder: string | null;
  /** Problem with the clock; null: none. */
  readonly clock: string | null;
  readonly freeMemoryMb: number | null;
  /** Free space of the data folder's disk, or of the worktrees' disk, whichever has less. */
  readonly freeDiskGb: number | null;
  /** Load average of the last minute. */
  readonly loadPerCore: number | null;
  /** Temperature of the hottest zone, in °C. */
  readonly temperatureC: number | null;
}

const CODES = ["data-folder", "clock", "memory", "disk", "load", "temperature"] as const;
type HostCode = (typeof CODES)[number];

/** Return whether the cause concerns the runner's own machine. Pure. */
export function isHostCause({ code }: AdmissionCause): boolean {
  return CODES.some((known) => known === code);
}

interface HostFacts {
  readonly reading: HostReading;
  readonly limits: HostLimits;
  /** Causes of the previous reading. A value that exceeded its threshold counts as exceeded until it is better by a margin. */
  readonly before: readonly AdmissionCause[];
}

/** Return why the machine accepts fewer or no new jobs. Pure. */
export function hostCauses({ reading, limits, before }: HostFacts): AdmissionCause[] {
  const { diskGb, memoryMb, temperatureC, loadPerCore } = hostThresholds(limits);
  const { freeDiskGb, freeMemoryMb } = reading;
  const found: AdmissionCause[] = [];
  const add = (code: HostCode, effect: AdmissionCause["effect"] | null, text: string) => {
    if (effect !== null) found.push({ code, effect, text });
  };
  /** Return the worst effect whose threshold is exceeded. `bounds`: 0 is no limit. */
  const effectOf = (
    code: HostCode,
    value: number | null,
    bounds: { readonly half: number; readonly closed: number },
    passes: (value: number, bound: number, was: boolean) => boolean,
  ): AdmissionCause["effect"] | null => {
    const was = before.find((cause) => cause.code === code)?.effect;
    if (value === null) return null;
    if (passes(value, bounds.closed, was === "closed")) return "closed";
    return passes(value, bounds.half, was !== undefined) ? "half" : null;
  };
  if (reading.dataFolder !== null) add("data-folder", "closed", reading.dataFolder);
  if (reading.clock !== null) add("clock", "closed", reading.clock);
  const memory = effectOf("memory", freeMemoryMb, memoryMb, isUnder);
  add("memory", memory, `only ${Math.round(freeMemoryMb ?? 0)} MB of free memory`);
  const disk = effectOf("disk", freeDiskGb, diskGb, isUnder);
  add("disk", disk, `only ${(freeDiskGb ?? 0).toFixed(1)} GB of free disk space`);
  const load = effectOf("load", reading.loadPerCore, { half: 0, closed: loadPerCore.closed }, isOver);
  add("load", load, `a load of ${(reading.loadPerCore ?? 0).toFixed(1)} per core`);
  const heat = effectOf("temperature", reading.temperatureC, temperatureC, isHotter);
  add("temperature", heat, `${Math.round(reading.temperatureC ?? 0)} °C`);
  return found;
}
