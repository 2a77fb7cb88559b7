import { figureOf, type Results, type Row } from "./results.ts";
import type { Sizes } from "./sizes.ts";

/** Growth that counts as a regression. Ratios differ a little between machines. */
const MAX_GROWTH = 0.25;

interface Change {
  readonly name: string;
  /** Ratio of figure and floor; for counts, which are the same on every machine, the figure itself. */
  readonly before: number;
  readonly now: number;
  /** Relative growth, such as 0.3 for 30 % more than before. */
  readonly growth: number;
  readonly regressed: boolean;
}

export interface Comparison {
  readonly changes: readonly Change[];
  /** Rows of the committed results that a measured figure no longer has. */
  readonly missing: readonly string[];
}

/** Check that results have the same sizes. @throws Error if quick results would be compared with full ones, or other sizes with each other */
export function assertComparable(committed: Measure, now: Measure): void {
  const cannot = (what: string, before: unknown, after: unknown) =>
    new Error(`the committed results ${what} ${String(before)} and these ${String(after)}: they cannot be compared`);
  if (committed.quick !== now.quick) throw cannot("are", nameOf(committed), nameOf(now));
  const names = Object.keys(now.sizes) as (keyof Sizes)[];
  const other = names.find((name) => name !== "samples" && now.sizes[name] !== committed.sizes[name]);
  if (other !== undefined) throw cannot(`have ${other}`, committed.sizes[other], now.sizes[other]);
}

type Measure = Pick<Results, "quick" | "sizes">;

function nameOf({ quick }: Measure): string {
  return quick ? "quick" : "full";
}

/**
 * Compare results with the committed ones, for the figures that were measured. Times of two machines, or of two moments of
 * one, differ; their ratios to the floor of the same run are comparable.
 * @throws Error like `assertComparable`
 */
export function compare(options: {
  readonly committed: Results;
  readonly now: Results;
  readonly figures: readonly string[];
}): Comparison {
  const { committed, now, figures } = options;
  assertComparable(committed, now);
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
