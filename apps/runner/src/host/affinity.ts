export interface CoresOptions {
  /** Numbers of the cores that this process may use. */
  readonly allowed: readonly number[];
  /** Number of cores that a run may use; a fraction is rounded up. */
  readonly cpus: number;
  /** Number of the run's slot: slots get different cores if there are enough. */
  readonly slot: number;
}

/** Return the cores for the runs of a slot; null if the limit is not lower than the number of all cores. Pure. */
export function coresOf({ allowed, cpus, slot }: CoresOptions): number[] | null {
  const width = Math.ceil(cpus);
  if (width <= 0 || width >= allowed.length) return null;
  const first = slot * width;
  return Array.from({ length: width }, (_, index) => allowed[(first + index) % allowed.length] ?? 0);
}

/** Return the cores of `Cpus_allowed_list` in /proc/self/status, a list such as `0-3,8`. Pure. */
export function allowedCores(status: string): number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? "";
  return list.split(",").flatMap((part) => {
    const [from = Number.NaN, to = from] = part.split("-").map((text) => Number.parseInt(text, 10));
    return Number.isNaN(from) ? [] : Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}

/** Return the prefix of a program that limits it and its processes to these cores. */
export function affinityPrefix(cores: readonly number[] | null): string[] {
  return cores === null ? [] : ["taskset", "--cpu-list", cores.join(",")];
}
