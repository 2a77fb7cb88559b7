/** The keys of the configuration's section `[host]` that decide about new work; 0 is no limit. */
export interface HostLimits {
  readonly min_free_memory_mb: number;
  readonly min_free_disk_gb: number;
  readonly max_load_per_core: number;
  readonly max_temperature_c: number;
}

/**
 * Return the thresholds of a machine, derived from the configuration's `[host]`; 0 is no limit. `closed` stops new work, `half` halves
 * it, `warning` only reports.
 */
export function hostThresholds(limits: HostLimits) {
  const { min_free_disk_gb: diskGb, min_free_memory_mb: memoryMb, max_temperature_c: temperatureC } = limits;
  return {
    /**
     * `queue`: if no machine has more free space, the whole queue is paused. It has an upper bound, because the scheduler's limit does not
     * apply to other machines: their runners close by their own limits.
     */
    diskGb: { half: diskGb * 2, closed: diskGb, queue: Math.min(MAX_QUEUE_GB, diskGb / 2) },
    memoryMb: { half: memoryMb * 1.25, closed: memoryMb },
    temperatureC: { half: Math.max(0, temperatureC - COOLER_C), closed: temperatureC },
    loadPerCore: { closed: limits.max_load_per_core },
  } as const;
}

/** With less free space than this, work can hardly be saved. */
const MAX_QUEUE_GB = 0.5;

/** Thresholds that are the same on all machines. */
export const FLEET = {
  /** Used part of Redis's maxmemory, in percent. */
  redisPercent: { warning: 75, closed: 90 },
  /** Failed runs among the newest `window` runs of the last day, in percent. */
  failedPercent: { window: 20, warning: 30, half: 60 },
  /** Lag of a process's event loop, in ms. */
  lagMs: { warning: 1000, half: 5000 },
  /** Remaining part of GitHub's rate limit, in percent. */
  githubPercent: { warning: 20, half: 5 },
} as const;

/** Margin of improvement before an exceeded threshold counts as not exceeded, so that work does not stop and start at each reading. */
export const EASE = 0.2;
/** The margin for a temperature, in °C; also the distance between `half` and `closed`. */
const COOLER_C = 5;

/** Return whether a value exceeds its threshold. `was`: it did at the previous reading. Pure. */
export function isOver(value: number, bound: number, was: boolean): boolean {
  return bound > 0 && value > (was ? bound * (1 - EASE) : bound);
}

/** Return whether a value is below its threshold. `was`: it was at the previous reading. Pure. */
export function isUnder(value: number, bound: number, was: boolean): boolean {
  return bound > 0 && value < (was ? bound * (1 + EASE) : bound);
}

/** Return whether a temperature exceeds its threshold. `was`: it did at the previous reading. Pure. */
export function isHotter(value: number, bound: number, was: boolean): boolean {
  return bound > 0 && value > (was ? bound - COOLER_C : bound);
}
