/**
 * `ok`: as it should be; `note`: worth knowing, nothing is wrong; `problem`: somebody has to mend it; `unknown`: it could not
 * be found out, which is no fault of what was looked at.
 */
export type Verdict = "ok" | "note" | "unknown" | "problem";

export interface Finding {
  readonly verdict: Verdict;
  /** One line: how it is. */
  readonly text: string;
  /** One line: what to do; null where there is nothing to do. */
  readonly advice: string | null;
}

export const ok = (text: string): Finding => ({ verdict: "ok", text, advice: null });
export const note = (text: string, advice: string | null = null): Finding => ({ verdict: "note", text, advice });
export const unknown = (text: string, advice: string | null = null): Finding => ({ verdict: "unknown", text, advice });
export const problem = (text: string, advice: string): Finding => ({ verdict: "problem", text, advice });
