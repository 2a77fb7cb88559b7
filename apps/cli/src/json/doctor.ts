import { z } from "zod";

export const doctorOutput = z.strictObject({
  ok: z.boolean().describe("Whether no check found a problem"),
  checks: z.array(
    z.strictObject({
      check: z.string().describe("Name of the check, see the [runbook](runbook.md#tac8-doctor)"),
      verdict: z.enum(["ok", "note", "unknown", "problem"]).describe("`unknown`: it could not be checked"),
      text: z.string(),
      advice: z.string().nullable().describe("What to do"),
    }),
  ),
});
