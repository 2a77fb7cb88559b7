// Messages between the runner and the scanner. Without a library for schemas: the scanner would load it at each start.

/** A text that is about to be published in addition to the changes of files. */
export interface NamedText {
  readonly name: string;
  readonly text: string;
}

/** A search begins with this line in the scanner's input, as JSON. The unchanged output of git about the commits follows, see `framing.ts`. */
export interface ScanRequest {
  /** Values that must not be published. */
  readonly known: readonly { readonly value: string; readonly isStrong: boolean }[];
  readonly texts: readonly NamedText[];
  /** Key of the findings' digests. */
  readonly salt: string;
}

/** The location of a secret. It never has the secret itself. */
export interface Finding {
  /** Path of a file, or name of a text. */
  readonly where: string;
  /** Line number, from 1, in the commit that adds it; null if it is not known. */
  readonly line: number | null;
  readonly rule: string;
  /** Whether it is one of tac8's own secrets, which are never published on purpose. */
  readonly isCertain: boolean;
}

/** Maximum number of findings of a result. Further ones are only counted. Certain findings come first. */
export const MAX_FINDINGS = 50;

export interface Result {
  readonly findings: readonly Finding[];
  /** Number of all findings. */
  readonly count: number;
  /** Digest of all findings and their values: another value at the same location has another digest. */
  readonly digest: string;
}

/** First line of a search's output: known values are searched for first. */
export interface KnownAnswer {
  readonly known: Result;
}

/** Second line, of patterns, which may take too long. */
export interface PatternsAnswer {
  /** Null: too much text for the patterns. */
  readonly patterns: Result | null;
  /** Resident memory of the scanner in bytes. */
  readonly memory: number;
}
