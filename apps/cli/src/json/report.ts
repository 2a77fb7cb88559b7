import { FAILURE_KINDS } from "@tac8/core/domain/failures";
import { z } from "zod";
import { figures, issueName, outcome, outcomes, time } from "./shared.ts";

const spread = z.strictObject({
  count: z.int(),
  medianMs: z.number(),
  p90Ms: z.number(),
  minMs: z.number(),
  maxMs: z.number(),
});

const agents = {
  runs: z.int().describe("Agent runs that ended"),
  ms: z.number().describe("Time that agents ran"),
  turns: z.int(),
  tokens: z.number(),
  costUsd: z.number(),
};

export const reportOutput = z.strictObject({
  since: time,
  until: time,
  complete: z.boolean().describe("False: the event log begins later than `since`"),
  outcomes,
  pullRequests: z.int().describe("Each counted once"),
  successRate: z
    .number()
    .nullable()
    .describe("From 0 to 1: share of pull requests among pull requests and failed issues"),
  toPr: spread.nullable().describe("Time from entering the queue to the pull request"),
  wait: spread.nullable().describe("Time from entering the queue to the start of the work").meta({ sameAs: ".toPr" }),
  agents: z.strictObject(agents),
  failures: z
    .array(
      z.strictObject({
        kind: z.enum(FAILURE_KINDS).meta({ shownAs: "[failure](failures.md)" }),
        tries: z.int().describe("Runs that failed with it"),
        issues: z.int().describe("Issues that ended with it"),
        reason: z.string().describe("Newest message"),
      }),
    )
    .describe("The most frequent first"),
  days: z
    .array(
      z.strictObject({
        day: z.string().describe("`2026-11-25`, in this machine's time zone"),
        prs: z.int().describe("Each counted once"),
        answers: z.int(),
        failed: z.int(),
        ...agents,
      }),
    )
    .describe("Every day, oldest first"),
  models: z
    .array(z.strictObject({ model: z.string(), runs: z.int(), ...figures, costUsd: z.number() }))
    .describe("The most expensive first"),
  issues: z
    .array(
      z.strictObject({
        issue: issueName,
        outcome: outcome.nullable().describe("Null: it has not ended"),
        pr: z.int().nullable(),
        toPrMs: z.number().nullable(),
        ...agents,
      }),
    )
    .describe("The 1000 most expensive"),
});
