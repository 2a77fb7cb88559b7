import { ratioOf, summarize, type Summary } from "./stats.ts";
import type { Entries } from "./programs.ts";
import type { Sizes } from "./sizes.ts";

/** Unit of a figure. Every figure is a cost, so less is better. */
export type Unit = "ms" | "s" | "MB" | "count" | "/s";

/** One line of the table. */
export interface Row {
  /** `figure/row`. */
  readonly name: string;
  readonly what: string;
  readonly unit: Unit;
  readonly value: Summary;
  /** Least cost of the same work, measured in the same run; null: there is no floor. */
  readonly floor: (Summary & { readonly what: string }) | null;
  /** Figure divided by floor. */
  readonly ratio: Summary | null;
  readonly note?: string;
}

export interface Results {
  readonly version: typeof VERSION;
  readonly quick: boolean;
  /** Sizes of the measurement; results of different sizes cannot be compared. */
  readonly sizes: Sizes;
  /** Program files that were started: bundled or sources. */
  readonly entries: Entries;
  /** Commit of the measured checkout; null: git does not report one. */
  readonly commit: string | null;
  readonly node: string;
  readonly cores: number;
  /** ISO time. */
  readonly at: string;
  readonly rows: readonly Row[];
  /** Figures that could not be measured. */
  readonly failed: readonly { readonly figure: string; readonly message: string }[];
}

export const VERSION = 1;

export interface Samples {
  readonly name: string;
  readonly what: string;
  readonly unit: Unit;
  readonly value: readonly number[];
  readonly floor?: { readonly what: string; readonly value: readonly number[] };
  readonly note?: string;
}

/** Create a row from samples. @throws Error if there is no sample */
export function row({ name, what, unit, value, floor, note }: Samples): Row {
  return {
    name,
    what,
    unit,
    value: rounded(summarize(value)),
    floor: floor === undefined ? null : { what: floor.what, ...rounded(summarize(floor.value)) },
    ratio: floor === undefined ? null : roundedOrNull(ratioOf(value, floor.value)),
    ...(note === undefined ? {} : { note }),
  };
}

export function figureOf(rowName: string): string {
  return rowName.split("/")[0] ?? rowName;
}

/** Parse a results file. @throws Error if the text is no results file of this version */
export function parseResults(text: string): Results {
  const parsed = JSON.parse(text) as Partial<Results> | null;
  if (parsed?.version !== VERSION || !Array.isArray(parsed.rows) || parsed.sizes === undefined) {
    throw new Error(`not a results file of version ${VERSION}: measure again`);
  }
  return parsed as Results;
}

/** Round to four significant digits, which are enough for a measurement and keep the file readable. */
function rounded(summary: Summary): Summary {
  const digits = (value: number) => Number(value.toPrecision(4));
  return { ...summary, median: digits(summary.median), min: digits(summary.min), max: digits(summary.max) };
}

function roundedOrNull(summary: Summary | null): Summary | null {
  return summary === null ? null : rounded(summary);
}
