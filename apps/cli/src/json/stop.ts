import { ENDED_STATES } from "@tac8/core/domain/states";
import { z } from "zod";
import { issueName, issueState } from "./shared.ts";

export const stopOutput = z.strictObject({
  issue: issueName,
  result: z
    .enum(["stopping", "ended", "kept", ...ENDED_STATES])
    .describe(
      "`stopping`: requested, not finished. `ended`: it had ended before. `kept`: it had ended, and the label that was added since then starts nothing. Otherwise: its final issue state",
    )
    .meta({ shownAs: "string" }),
  state: issueState.nullable(),
  runner: z.string().nullable().describe("Runner that stops it"),
  branch: z.string().nullable(),
  sha: z.string().nullable().describe("Last pushed commit"),
  pr: z.int().nullable(),
  reason: z.string().nullable(),
});
