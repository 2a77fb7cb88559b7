import type { Cause } from "./cause.ts";
import { hostThresholds, isHotter, isOver, isUnder, type HostLimits } from "./thresholds.ts";

/** What a runner has measured of its machine. Null: it cannot be read here, and decides nothing. */
export interface HostReading {
  /** What is wrong with the data folder; null: nothing. */
  readonly dataFolder: string | null;
  /** What is wrong with the clock; null: nothing. */
  readonly clock: string | null;
  readonly freeMemoryMb: number | null;
  /** Of the data folder's disk, or of the worktrees' own, whichever has less. */
  readonly freeDiskGb: number | null;
  /** Average of the last minute. */
  readonly loadPerCore: number | null;
  /** Of the hottest zone, in °C. */
  readonly temperatureC: number | null;
}

const CODES = ["data-folder", "clock", "memory", "disk", "load", "temperature"] as const;
type HostCode = (typeof CODES)[number];

/** Pure: is the cause one of the runner's own machine? */
export function isHostCause({ code }: Cause): boolean {
  return CODES.some((known) => known === code);
}

interface HostFacts {
  readonly reading: HostReading;
  readonly limits: HostLimits;
  /** Causes at the reading before: what was over its threshold stays so until it is better by a margin. */
  readonly before: readonly Cause[];
}

/** Return why the machine takes less or nothing new. Pure. */
export function hostCauses({ reading, limits, before }: HostFacts): Cause[] {
  const { diskGb, memoryMb, temperatureC, loadPerCore } = hostThresholds(limits);
  const { freeDiskGb, freeMemoryMb } = reading;
  const found: Cause[] = [];
  const add = (code: HostCode, effect: Cause["effect"] | null, text: string) => {
    if (effect !== null) found.push({ code, effect, text });
  };
  /** The worst effect whose threshold is passed. `bounds`: 0 is no limit. */
  const effectOf = (
    code: HostCode,
    value: number | null,
    bounds: { readonly half: number; readonly closed: number },
    passes: (value: number, bound: number, was: boolean) => boolean,
  ): Cause["effect"] | null => {
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
