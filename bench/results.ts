import { ratioOf, summarize, type Summary } from "./stats.ts";
import type { Entries } from "./programs.ts";
import type { Sizes } from "./sizes.ts";

/** Every figure is a cost: less is better. */
export type Unit = "ms" | "s" | "MB" | "count" | "/s";

/** One line of the table. */
export interface Row {
  /** `figure/row`. */
  readonly name: string;
  readonly what: string;
  readonly unit: Unit;
  readonly value: Summary;
  /** The least that the same work costs, measured in the same run; null where there is none. */
  readonly floor: (Summary & { readonly what: string }) | null;
  /** Figure by floor. */
  readonly ratio: Summary | null;
  readonly note?: string;
}

export interface Results {
  readonly version: typeof VERSION;
  readonly quick: boolean;
  /** Results of different sizes are not to be compared. */
  readonly sizes: Sizes;
  /** The program files that were started. */
  readonly entries: Entries;
  /** Commit of the measured checkout; null where git does not report. */
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

/** @throws Error without any sample. */
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

/** @throws Error when the text is no results file of this version. */
export function parseResults(text: string): Results {
  const parsed = JSON.parse(text) as Partial<Results> | null;
  if (parsed?.version !== VERSION || !Array.isArray(parsed.rows) || parsed.sizes === undefined) {
    throw new Error(`not a results file of version ${VERSION}: measure again`);
  }
  return parsed as Results;
}

/** Four digits are more than a measurement is worth, and keep the file readable. */
function rounded(summary: Summary): Summary {
  const digits = (value: number) => Number(value.toPrecision(4));
  return { ...summary, median: digits(summary.median), min: digits(summary.min), max: digits(summary.max) };
}

function roundedOrNull(summary: Summary | null): Summary | null {
  return summary === null ? null : rounded(summary);
}
