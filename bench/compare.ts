import { figureOf, type Results, type Row } from "./results.ts";
import type { Sizes } from "./sizes.ts";

/** More than this is a regression. Machines differ, so ratios do too, a little. */
const MAX_GROWTH = 0.25;

interface Change {
  readonly name: string;
  /** Ratio of figure and floor; the figure itself for counts, which no machine changes. */
  readonly before: number;
  readonly now: number;
  /** 0.3: 30 % more than before. */
  readonly growth: number;
  readonly regressed: boolean;
}

export interface Comparison {
  readonly changes: readonly Change[];
  /** Rows of the committed results that a measured figure did not give. */
  readonly missing: readonly string[];
}

/**
 * Compare results with the committed ones, for the figures that were measured. Times of two machines, or of two moments of
 * one, differ; their ratios to the floor of the same run are comparable.
 * @throws Error when quick results would be compared with full ones, or other sizes with each other.
 */
export function compare(options: {
  readonly committed: Results;
  readonly now: Results;
  readonly figures: readonly string[];
}): Comparison {
  const { committed, now, figures } = options;
  if (committed.quick !== now.quick) {
    const name = (quick: boolean) => (quick ? "quick" : "full");
    throw new Error(
      `the committed results are ${name(committed.quick)} and these are ${name(now.quick)}: they cannot be compared`,
    );
  }
  const names = Object.keys(now.sizes) as (keyof Sizes)[];
  const other = names.find((name) => name !== "samples" && now.sizes[name] !== committed.sizes[name]);
  if (other !== undefined) {
    throw new Error(
      `the committed results have ${other} ${committed.sizes[other]} and these ${now.sizes[other]}: they cannot be compared`,
    );
  }
  const wanted = committed.rows.filter(({ name }) => figures.includes(figureOf(name)));
  const found = new Map(now.rows.map((row) => [row.name, row]));
  return {
    changes: wanted.flatMap((before) => {
      const after = found.get(before.name);
      return after === undefined ? [] : changeOf(before, after);
    }),
    missing: wanted.filter(({ name }) => !found.has(name)).map(({ name }) => name),
  };
}

function changeOf(before: Row, after: Row): Change[] {
  const old = comparable(before);
  const now = comparable(after);
  if (old === null || now === null) return [];
  const growth = old === 0 ? (now === 0 ? 0 : Infinity) : now / old - 1;
  return [{ name: before.name, before: old, now, growth, regressed: growth > MAX_GROWTH }];
}

function comparable({ ratio, unit, floor, value }: Row): number | null {
  if (ratio !== null) return ratio.median;
  return unit === "count" && floor === null ? value.median : null;
}
