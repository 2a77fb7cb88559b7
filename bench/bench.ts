import type { Leftovers } from "./leftovers.ts";
import type { Programs } from "./programs.ts";
import type { Row } from "./results.ts";
import type { Sizes } from "./sizes.ts";

/** Surroundings of every measurement. */
export interface Bench {
  readonly programs: Programs;
  readonly sizes: Sizes;
  readonly leftovers: Leftovers;
  /** `PATH` with this Node's folder first. */
  readonly path: string;
  /** Aborted by Ctrl-C, and when a figure takes too long. */
  readonly signal: AbortSignal;
  /** Reports progress, one line. */
  readonly say: (line: string) => void;
}

/** Something that is measured, with one or more rows. */
export interface Figure {
  readonly name: string;
  readonly what: string;
  /** A figure that takes longer is abandoned. */
  readonly limitMinutes: number;
  readonly measure: (bench: Bench) => Promise<Row[]>;
}
