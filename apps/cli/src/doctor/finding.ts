/**
 * Result of a check. `ok`: no problem; `note`: information without a problem; `problem`: a user has to fix it; `unknown`: it could
 * not be checked.
 */
export type Status = "ok" | "note" | "unknown" | "problem";

export interface Finding {
  readonly status: Status;
  /** What was found, on one line. */
  readonly text: string;
  /** What to do, on one line; null: nothing. */
  readonly advice: string | null;
}

export const ok = (text: string): Finding => ({ status: "ok", text, advice: null });
export const note = (text: string, advice: string | null = null): Finding => ({ status: "note", text, advice });
export const unknown = (text: string, advice: string | null = null): Finding => ({ status: "unknown", text, advice });
export const problem = (text: string, advice: string): Finding => ({ status: "problem", text, advice });
