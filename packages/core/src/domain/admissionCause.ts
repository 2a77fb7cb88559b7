import { z } from "zod";

/** A reason why less or no new work may start. */
export const admissionCauseSchema = z.object({
  /** Stable code for scripts: `hold:<name>`, `breaker`, `paused`, a code of host.ts, or the code of a health reason. */
  code: z.string(),
  effect: z.enum(["half", "closed"]),
  /** A clause for display. */
  text: z.string(),
});
export type AdmissionCause = z.infer<typeof admissionCauseSchema>;
