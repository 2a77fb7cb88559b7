/** One thing that was checked. */
export interface Rule {
  /** What was checked, stable over versions: for scripts. */
  readonly rule: string;
  /** Does it decide, alone or with others, the status of the issue? False: it was checked, and is not the reason. */
  readonly holds: boolean;
  /** One clause for people, from a small letter on, without a full stop. */
  readonly text: string;
  /** The facts behind it. Times are ISO. */
  readonly evidence: Readonly<Record<string, string | number | null>>;
}

/** A rule, and what it means for the issue where it is the first that holds: one or two sentences. */
export interface Finding extends Rule {
  readonly answer: string;
}

type Evidence = Rule["evidence"];

export function decides(rule: string, text: string, evidence: Evidence, answer: string): Finding {
  return { rule, holds: true, text, evidence, answer };
}

export function clear(rule: string, text: string, evidence: Evidence = {}): Finding {
  return { rule, holds: false, text, evidence, answer: "" };
}
