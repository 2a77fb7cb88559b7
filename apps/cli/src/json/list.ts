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
        since: z.string().describe("Time of the last change of state; empty if unknown"),
        runner: z.string().nullable().describe("Runner that works on it, or did last; null while it waits"),
        attempts: z.int().describe("Attempts that have started since it was queued"),
        maxAttempts: z.int(),
        runs: z.int().describe("Runs with an agent, over the whole life of the issue"),
        runMs: z.number().describe("Time that agents have worked on it"),
        costUsd: z.number(),
        pr: pullRequest.nullable(),
        reason: z.string().nullable().describe("Why it ended or waits"),
      }),
    )
    .describe("Issues at work first, then waiting, then ended"),
  more: z
    .partialRecord(z.enum(["active", "waiting", "prioritized", "delayed", "failed", "completed"]), z.int())
    .describe("Number of issues that are not shown, by state of the queue's job"),
});
