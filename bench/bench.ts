import type { Leftovers } from "./leftovers.ts";
import type { Programs } from "./programs.ts";
import type { Row } from "./results.ts";
import type { Sizes } from "./sizes.ts";

/** Environment of every measurement. */
export interface Bench {
  readonly programs: Programs;
  readonly sizes: Sizes;
  readonly leftovers: Leftovers;
  /** `PATH` with this Node's folder first. */
  readonly path: string;
  /** Aborted by Ctrl-C, or if a figure takes too long. */
  readonly signal: AbortSignal;
  /** Report progress, one line for each call. */
  readonly report: (line: string) => void;
}

/** A measurement with one or more rows. */
export interface Figure {
  readonly name: string;
  readonly what: string;
  /** Time limit in ms; a figure that takes longer is aborted. */
  readonly limitMinutes: number;
  readonly measure: (bench: Bench) => Promise<Row[]>;
}
