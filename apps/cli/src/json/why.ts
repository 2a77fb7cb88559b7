import { ISSUE_STATES } from "@tac8/core/domain/states";
import { z } from "zod";
import { evidence, issueName, time } from "./shared.ts";

export const whyOutput = z.strictObject({
  issue: issueName,
  title: z.string().describe("Empty if tac8 has never seen it"),
  url: z.string(),
  state: z
    .enum([...ISSUE_STATES, "unknown"])
    .describe("`unknown`: tac8 has never seen it")
    .meta({ shownAs: "issue state" }),
  since: time.nullable(),
  answer: z.string().describe("One or two sentences"),
  rules: z
    .array(
      z.strictObject({
        rule: z.string().describe("Name of the [rule](commands.md#tac8-why), stable over versions"),
        holds: z.boolean().describe("Whether it is a reason; false: it was checked, and is not"),
        text: z.string(),
        evidence: evidence.describe("Facts of the rule"),
      }),
    )
    .describe("Every rule that was checked, the reasons first"),
});
