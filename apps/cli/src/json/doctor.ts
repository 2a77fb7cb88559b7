import { z } from "zod";

const STATUS = z.enum(["ok", "note", "unknown", "problem"]);

export const doctorOutput = z.strictObject({
  ok: z.boolean().describe("Whether no check found a problem"),
  checks: z.array(
    z.strictObject({
      check: z.string().describe("Name of the check, see the [runbook](runbook.md#tac8-doctor)"),
      status: STATUS.describe("`unknown`: it could not be checked"),
      verdict: STATUS.describe("Deprecated, removed in the next release: use `status`"),
      text: z.string(),
      advice: z.string().nullable().describe("What to do"),
    }),
  ),
});
