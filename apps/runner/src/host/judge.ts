/** How the host is. Null: it cannot be read here, and so says nothing. */
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

/** The config's section `[host]`; 0 is no limit. */
export interface HostLimits {
  readonly min_free_memory_mb: number;
  readonly min_free_disk_gb: number;
  readonly max_load_per_core: number;
  readonly max_temperature_c: number;
}

const LIMITS = ["data folder", "clock", "memory", "disk", "load", "temperature"] as const;
export type HostLimit = (typeof LIMITS)[number];

export interface HostVerdict {
  /** Limits that are broken now, and those that were and are not yet kept by a good margin. */
  readonly broken: readonly HostLimit[];
  /** For people; null: fit for work. */
  readonly tired: string | null;
}

export const FIT: HostVerdict = { broken: [], tired: null };

/** Who was tired rests until he is this much better, so that he does not doze off and wake up at each look. */
const EASE = 0.2;
const COOLER_C = 5;

/** Pure. `before`: the verdict of the look before. */
export function judgeHost(reading: HostReading, limits: HostLimits, before: HostVerdict): HostVerdict {
  const found = LIMITS.map((limit) => ({
    limit,
    words: wordsOf(limit, { reading, limits, was: before.broken.includes(limit) }),
  }));
  const broken = found.filter(({ words }) => words !== null);
  if (broken.length === 0) return FIT;
  return { broken: broken.map(({ limit }) => limit), tired: broken.map(({ words }) => words).join(", ") };
}

interface Facts {
  readonly reading: HostReading;
  readonly limits: HostLimits;
  /** It was broken at the look before. */
  readonly was: boolean;
}

/** Null: the limit is kept. */
function wordsOf(limit: HostLimit, { reading, limits, was }: Facts): string | null {
  const { freeMemoryMb, freeDiskGb, loadPerCore, temperatureC } = reading;
  const least = (bound: number) => (was ? bound * (1 + EASE) : bound);
  const most = (bound: number) => (was ? bound * (1 - EASE) : bound);
  switch (limit) {
    case "data folder":
      return reading.dataFolder;
    case "clock":
      return reading.clock;
    case "memory": {
      const low = freeMemoryMb !== null && freeMemoryMb < least(limits.min_free_memory_mb);
      return low ? `only ${Math.round(freeMemoryMb)} MB of memory free` : null;
    }
    case "disk": {
      const low = freeDiskGb !== null && freeDiskGb < least(limits.min_free_disk_gb);
      return low ? `only ${freeDiskGb.toFixed(1)} GB of disk free` : null;
    }
    case "load": {
      const bound = limits.max_load_per_core;
      const high = bound > 0 && loadPerCore !== null && loadPerCore > most(bound);
      return high ? `a load of ${loadPerCore.toFixed(1)} per core` : null;
    }
    case "temperature": {
      const bound = limits.max_temperature_c;
      const high = bound > 0 && temperatureC !== null && temperatureC > (was ? bound - COOLER_C : bound);
      return high ? `${Math.round(temperatureC)} °C` : null;
    }
    default:
      return limit satisfies never;
  }
}
