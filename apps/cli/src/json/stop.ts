import { ENDED_STATES } from "@tac8/core/domain/states";
import { z } from "zod";
import { issueName, issueState } from "./shared.ts";

export const stopOutput = z.strictObject({
  issue: issueName,
  result: z
    .enum(["stopping", "ended", "kept", ...ENDED_STATES])
    .describe(
      "`stopping`: requested, not finished. `ended`: it had ended before. `kept`: the issue had ended and stays ended, although a label was added since then. Otherwise: its final state",
    ),
  state: issueState.nullable(),
  runner: z.string().nullable().describe("Runner that stops it"),
  branch: z.string().nullable(),
  sha: z.string().nullable().describe("Last pushed commit"),
  pr: z.int().nullable(),
  reason: z.string().nullable(),
});
