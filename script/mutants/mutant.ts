import type { Edit } from "./mutate.ts";

/** A change that disables one mechanism, and the test that must then fail. */
export interface Mutant extends Edit {
  readonly name: string;
  /** File of the mechanism, relative to the root of the repository. */
  readonly file: string;
  /** Further edits, if the mechanism has a second layer that would keep the promise alone. */
  readonly also?: readonly Edit[];
  readonly test: {
    readonly file: string;
    /** Part of the title of the test. */
    readonly name: string;
  };
  /** The promise that it breaks: a clause that can be read without its page. */
  readonly promise: string;
}
