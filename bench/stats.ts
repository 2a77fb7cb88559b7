/** Samples of one figure, summarized. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Number of samples. */
  readonly samples: number;
}

/** Middle value; the mean of the middle two of an even number. @throws Error without any value. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  const upper = sorted[Math.floor(half)];
  const lower = sorted[Math.ceil(half) - 1];
  if (upper === undefined || lower === undefined) throw new Error("no samples: nothing was measured");
  return (lower + upper) / 2;
}

/** @throws Error without any value. */
export function summarize(values: readonly number[]): Summary {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values), samples: values.length };
}

/**
 * Figure divided by floor. Samples that were taken in turn are divided in pairs, so a machine that is slower for a while
 * slows down both halves of a pair. Other numbers of samples: median by median, with the widest spread.
 * @returns null where a floor is 0, which no ratio can be made of.
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
