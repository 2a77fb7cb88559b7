import { z } from "zod";
import { issueName, issueState, pullRequest } from "./shared.ts";

export const listOutput = z.strictObject({
  issues: z
    .array(
      z.strictObject({
        issue: issueName,
        title: z.string(),
        url: z.string(),
        state: issueState,
        since: z.string().describe("Last change of state; empty if unknown").meta({ shownAs: "time" }),
        runner: z.string().nullable().describe("The current or last runner; null while it waits"),
        attempts: z.int().describe("Attempts since it was queued"),
        maxAttempts: z.int(),
        runs: z.int().describe("Agent runs over the life of the issue"),
        runMs: z.number().describe("Time of these runs"),
        costUsd: z.number(),
        pr: pullRequest.nullable(),
        reason: z.string().nullable().describe("Why it ended or waits"),
      }),
    )
    .describe("Active, then waiting, then ended ones"),
  more: z
    .partialRecord(z.enum(["active", "waiting", "prioritized", "delayed", "failed", "completed"]), z.int())
    .describe("Number of issues that are not shown, by state of their jobs"),
});
