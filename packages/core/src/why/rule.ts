interface CheckedRule {
  /** Name of the rule, stable across versions, for scripts. */
  readonly rule: string;
  /** A clause for display, which begins in lower case and has no full stop. */
  readonly text: string;
  /** The facts of the rule. Times are ISO. */
  readonly evidence: Readonly<Record<string, string | number | null>>;
}

/** A rule that was checked, as `tac8 why --json` prints it. */
export interface Rule extends CheckedRule {
  /** `isDecisive` of the finding. The name of this key is fixed; it does not mean a hold. */
  readonly holds: boolean;
}

/** A rule that was checked, with its result. */
export interface Finding extends CheckedRule {
  /** Whether it decides the status of the issue, alone or with others. False: it was checked, and is not the reason. */
  readonly isDecisive: boolean;
  /** One or two sentences for the case that it is the first one that decides. */
  readonly answer: string;
}

type Evidence = CheckedRule["evidence"];

export function decisive(rule: string, text: string, evidence: Evidence, answer: string): Finding {
  return { rule, isDecisive: true, text, evidence, answer };
}

export function notDecisive(rule: string, text: string, evidence: Evidence = {}): Finding {
  return { rule, isDecisive: false, text, evidence, answer: "" };
}
