/** A rule that was checked. */
export interface Rule {
  /** Name of the rule, stable across versions, for scripts. */
  readonly rule: string;
  /** Whether it decides the status of the issue, alone or with others. False: it was checked, and is not the reason. */
  readonly holds: boolean;
  /** A clause for display, which begins in lower case and has no full stop. */
  readonly text: string;
  /** The facts of the rule. Times are ISO. */
  readonly evidence: Readonly<Record<string, string | number | null>>;
}

/** A rule with its answer for the case that it is the first one that decides: one or two sentences. */
export interface Finding extends Rule {
  readonly answer: string;
}

type Evidence = Rule["evidence"];

export function decisive(rule: string, text: string, evidence: Evidence, answer: string): Finding {
  return { rule, holds: true, text, evidence, answer };
}

export function notDecisive(rule: string, text: string, evidence: Evidence = {}): Finding {
  return { rule, holds: false, text, evidence, answer: "" };
}
