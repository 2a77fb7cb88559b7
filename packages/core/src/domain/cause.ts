import { z } from "zod";

/** A reason why less new work may start, or none. */
export const causeSchema = z.object({
  /** Stable, for scripts: `hold:<name>`, `breaker`, `paused`, one of the machine's, or the code of a reason of health. */
  code: z.string(),
  effect: z.enum(["half", "closed"]),
  /** A clause for people. */
  text: z.string(),
});
export type Cause = z.infer<typeof causeSchema>;
