import type { Finding } from "./finding.ts";
import type { DoctorInput } from "./doctorInput.ts";

/** One check. Its evaluation is a pure function in the same file. */
export interface Check {
  /** Name in the output, and `check` in the JSON. */
  readonly name: string;
  /** Maximum duration. */
  readonly limitMs: number;
  /** Runs the check. An error becomes a finding. After the signal is aborted, its result is ignored. */
  readonly inspect: (input: DoctorInput, signal: AbortSignal) => Promise<readonly Finding[]>;
}
