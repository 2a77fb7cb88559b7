/** Summary of the samples of one figure. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Number of samples. */
  readonly samples: number;
}

/** Return the median: the middle value, or the mean of the two middle values. @throws Error if there is no value */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  const upper = sorted[Math.floor(half)];
  const lower = sorted[Math.ceil(half) - 1];
  if (upper === undefined || lower === undefined) throw new Error("no samples: nothing was measured");
  return (lower + upper) / 2;
}

/** Summarize samples. @throws Error if there is no value */
export function summarize(values: readonly number[]): Summary {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values), samples: values.length };
}

/**
 * Divide figure by floor. Samples that were taken alternately are divided in pairs, so a slow moment of the machine affects
 * both values of a pair. If the numbers of samples differ, divide the medians, with the widest spread.
 * @returns null if a floor is 0
 */
export function ratioOf(value: readonly number[], floor: readonly number[]): Summary | null {
  if (floor.some((sample) => sample <= 0)) return null;
  if (value.length === floor.length) {
    return summarize(value.map((sample, index) => sample / (floor[index] ?? sample)));
  }
  const above = summarize(value);
  const below = summarize(floor);
  return {
    median: above.median / below.median,
    min: above.min / below.max,
    max: above.max / below.min,
    samples: Math.min(above.samples, below.samples),
  };
}
