import { ENDED_STATES } from "@tac8/core/domain/states";
import { z } from "zod";
import { issueName, issueState } from "./shared.ts";

export const stopOutput = z.strictObject({
  issue: issueName,
  result: z
    .enum(["stopping", "ended", "kept", ...ENDED_STATES])
    .describe(
      "`stopping`: requested, not finished yet. `ended`: it had ended before. `kept`: it had ended and was labelled again; it keeps its state, and the scheduler removes the label. Otherwise: the state in which it ended",
    ),
  state: issueState.nullable(),
  runner: z.string().nullable().describe("Runner that stops it"),
  branch: z.string().nullable(),
  sha: z.string().nullable().describe("The last commit that was pushed"),
  pr: z.int().nullable(),
  reason: z.string().nullable(),
});
