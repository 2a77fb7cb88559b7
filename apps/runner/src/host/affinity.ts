export interface CoresOptions {
  /** Numbers of the cores that this process may use. */
  readonly allowed: readonly number[];
  /** Cores that a run may use; a fraction counts as a whole one. */
  readonly cpus: number;
  /** Number of the run's slot: neighbours get different cores as long as there are enough. */
  readonly slot: number;
}

/** Which cores a slot's runs work on; null where all of them are not more than the limit. Pure. */
export function coresOf({ allowed, cpus, slot }: CoresOptions): number[] | null {
  const width = Math.ceil(cpus);
  if (width <= 0 || width >= allowed.length) return null;
  const first = slot * width;
  return Array.from({ length: width }, (_, index) => allowed[(first + index) % allowed.length] ?? 0);
}

/** Numbers in a list as the kernel writes it, `0-3,8`; of /proc/self/status its `Cpus_allowed_list`. Pure. */
export function allowedCores(status: string): number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? "";
  return list.split(",").flatMap((part) => {
    const [from = Number.NaN, to = from] = part.split("-").map((text) => Number.parseInt(text, 10));
    return Number.isNaN(from) ? [] : Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}

/** Goes before a program: the kernel lets it and everything that it starts use only these cores. */
export function affinityPrefix(cores: readonly number[] | null): string[] {
  return cores === null ? [] : ["taskset", "--cpu-list", cores.join(",")];
}
