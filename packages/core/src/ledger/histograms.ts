/** Upper bounds of the buckets, in seconds. A longer time is only in the count. */
export const HISTOGRAMS = {
  /** Duration of an agent run. */
  run: [30, 60, 120, 300, 600, 1200, 1800, 3600, 7200],
  /** Time from queueing to the start of work. */
  wait: [5, 30, 60, 300, 900, 3600, 14_400, 43_200, 86_400],
  /** Time from queueing to the pull request. */
  pr: [60, 300, 600, 1200, 1800, 3600, 7200, 14_400, 43_200, 86_400],
} as const;
export type HistogramName = keyof typeof HISTOGRAMS;

export interface Histogram {
  /** Cumulative buckets, as in Prometheus: `count` is the number of values of at most `le` seconds. */
  readonly buckets: readonly { readonly le: number; readonly count: number }[];
  readonly sumMs: number;
  readonly count: number;
}

/** Return what one value adds to the fields of a histogram. */
export function bucketFields(name: HistogramName, ms: number): (readonly [string, number])[] {
  const fits = HISTOGRAMS[name].filter((seconds) => ms <= seconds * 1000);
  return [
    ...fits.map((seconds) => [`${name}|le|${seconds}`, 1] as const),
    [`${name}|sum`, Math.round(ms)],
    [`${name}|count`, 1],
  ];
}

export function histogramOf(name: HistogramName, counts: Readonly<Record<string, number>>): Histogram {
  return {
    buckets: HISTOGRAMS[name].map((le) => ({ le, count: counts[`${name}|le|${le}`] ?? 0 })),
    sumMs: counts[`${name}|sum`] ?? 0,
    count: counts[`${name}|count`] ?? 0,
  };
}
