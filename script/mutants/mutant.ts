import type { Edit } from "./mutate.ts";

/** One mechanism taken out, and the test that must notice. */
export interface Mutant extends Edit {
  readonly name: string;
  /** File of the mechanism, from the repository's root. */
  readonly file: string;
  /** A mechanism in two layers, of which one alone holds: both go. */
  readonly also?: readonly Edit[];
  readonly test: {
    readonly file: string;
    /** Part of the test's name. */
    readonly name: string;
  };
  /** The promise that it breaks: a clause that can be read without its page. */
  readonly promise: string;
}
