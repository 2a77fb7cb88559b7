import { z } from "zod";

const STATUS = z.enum(["ok", "note", "unknown", "problem"]);

export const doctorOutput = z.strictObject({
  ok: z.boolean().describe("Whether no check found a problem"),
  checks: z.array(
    z.strictObject({
      check: z.string().describe("Name of the [check](runbook.md#tac8-doctor)"),
      status: STATUS.describe("`unknown`: tac8 could not check it"),
      verdict: STATUS.describe("Deprecated, removed in the next release: use `status`").meta({ shownAs: "string" }),
      text: z.string(),
      advice: z.string().nullable().describe("What to do"),
    }),
  ),
});
