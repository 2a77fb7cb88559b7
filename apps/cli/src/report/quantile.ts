/** How long something took, over a number of times. All in ms. */
export interface Spread {
  readonly count: number;
  readonly medianMs: number;
  readonly p90Ms: number;
  readonly minMs: number;
  readonly maxMs: number;
}

/** Exact, by the nearest rank: each figure is one that was measured. Null: none was. */
export function spreadOf(values: readonly number[]): Spread | null {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  if (sorted.length === 0) return null;
  return { count: sorted.length, medianMs: at(0.5), p90Ms: at(0.9), minMs: at(0), maxMs: at(1) };
}
