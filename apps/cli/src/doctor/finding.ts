/**
 * `ok`: as it should be; `note`: worth knowing, nothing is wrong; `problem`: a user has to fix it; `unknown`: it could not
 * be found out, which is no fault of what was checked.
 */
export type Status = "ok" | "note" | "unknown" | "problem";

export interface Finding {
  readonly status: Status;
  /** One line: how it is. */
  readonly text: string;
  /** One line: what to do; null where there is nothing to do. */
  readonly advice: string | null;
}

export const ok = (text: string): Finding => ({ status: "ok", text, advice: null });
export const note = (text: string, advice: string | null = null): Finding => ({ status: "note", text, advice });
export const unknown = (text: string, advice: string | null = null): Finding => ({ status: "unknown", text, advice });
export const problem = (text: string, advice: string): Finding => ({ status: "problem", text, advice });
