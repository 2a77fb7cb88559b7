import { ISSUE_STATES } from "@tac8/core/domain/states";
import { z } from "zod";
import { evidence, issueName, time } from "./shared.ts";

export const whyOutput = z.strictObject({
  issue: issueName,
  title: z.string().describe("Empty if unknown"),
  url: z.string(),
  state: z
    .enum([...ISSUE_STATES, "unknown"])
    .describe("`unknown`: tac8 has never seen it")
    .meta({ shownAs: "issue state or `unknown`" }),
  since: time.nullable(),
  answer: z.string().describe("One or two sentences"),
  rules: z
    .array(
      z.strictObject({
        rule: z.string().describe("Name of the [rule](commands.md#tac8-why); does not change"),
        holds: z.boolean().describe("Whether the rule applies, and so is a reason"),
        text: z.string(),
        evidence: evidence.describe("Facts of the rule"),
      }),
    )
    .describe("All checked rules, the reasons first"),
});
