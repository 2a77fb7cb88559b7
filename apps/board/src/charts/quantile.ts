import type { Histogram } from "@tac8/core/ledger/histograms";

/**
 * About so many milliseconds did the given part (0 to 1) take at most: as exact as the buckets are narrow. Null where
 * nothing was counted; what is longer than the last bucket counts as long as that.
 */
export function quantile({ buckets, count }: Histogram, part: number): number | null {
  if (count === 0) return null;
  const wanted = count * part;
  let [below, seconds] = [0, 0];
  for (const { le, count: upTo } of buckets) {
    if (upTo >= wanted) return 1000 * (seconds + ((le - seconds) * (wanted - below)) / Math.max(1, upTo - below));
    [below, seconds] = [upTo, le];
  }
  return seconds * 1000;
}
