/** The configuration's section `[host]`, as far as it decides about new work; 0 is no limit. */
export interface HostLimits {
  readonly min_free_memory_mb: number;
  readonly min_free_disk_gb: number;
  readonly max_load_per_core: number;
  readonly max_temperature_c: number;
}

/**
 * Every threshold that decides whether new work may start: `closed` stops new work, `half` halves it, `warning` only says so.
 * A threshold of a machine follows from the configuration's `[host]`; 0 is no limit.
 */
export function hostThresholds(limits: HostLimits) {
  const { min_free_disk_gb: diskGb, min_free_memory_mb: memoryMb, max_temperature_c: temperatureC } = limits;
  return {
    /**
     * `queue`: when no machine has more, the whole queue is held. It does not grow with the limit: the scheduler's says nothing
     * of other machines, whose runners close by their own.
     */
    diskGb: { half: diskGb * 2, closed: diskGb, queue: Math.min(MAX_QUEUE_GB, diskGb / 2) },
    memoryMb: { half: memoryMb * 1.25, closed: memoryMb },
    temperatureC: { half: Math.max(0, temperatureC - COOLER_C), closed: temperatureC },
    loadPerCore: { closed: limits.max_load_per_core },
  } as const;
}

/** With less room than this, work can hardly be saved. */
const MAX_QUEUE_GB = 0.5;

/** Thresholds that are the same everywhere. */
export const FLEET = {
  /** Of Redis' maxmemory, in percent. */
  redisPercent: { warning: 75, closed: 90 },
  /** Failed runs among the newest ones of the last day, in percent. */
  failedPercent: { window: 20, warning: 30, half: 60 },
  /** How late a process' event loop is, in ms. */
  lagMs: { warning: 1000, half: 5000 },
  /** What is left of GitHub's rate limit, in percent. */
  githubPercent: { warning: 20, half: 5 },
} as const;

/** What was over its threshold stays so until it is this much better, so that work does not stop and start at each reading. */
export const EASE = 0.2;
/** The same for a temperature, in °C; also the distance between `half` and `closed`. */
const COOLER_C = 5;

/** Pure. `was`: it was over the threshold at the reading before. */
export function isOver(value: number, bound: number, was: boolean): boolean {
  return bound > 0 && value > (was ? bound * (1 - EASE) : bound);
}

/** Pure: the same for what must not fall below its threshold. */
export function isUnder(value: number, bound: number, was: boolean): boolean {
  return bound > 0 && value < (was ? bound * (1 + EASE) : bound);
}

/** Pure: the same for a temperature. */
export function isHotter(value: number, bound: number, was: boolean): boolean {
  return bound > 0 && value > (was ? bound - COOLER_C : bound);
}
