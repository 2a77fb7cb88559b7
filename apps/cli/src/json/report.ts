import { FAILURE_KINDS } from "@tac8/core/domain/failures";
import { OUTCOMES } from "@tac8/core/domain/states";
import { z } from "zod";
import { figures, issueName, outcomes, time } from "./shared.ts";

const spread = z.strictObject({
  count: z.int(),
  medianMs: z.number(),
  p90Ms: z.number(),
  minMs: z.number(),
  maxMs: z.number(),
});

const agents = {
  runs: z.int().describe("Agent runs that ended"),
  ms: z.number().describe("Time that agents ran, in milliseconds"),
  turns: z.int(),
  tokens: z.number(),
  costUsd: z.number(),
};

export const reportOutput = z.strictObject({
  since: time,
  until: time,
  complete: z.boolean().describe("False: the event log begins later than `since`"),
  outcomes,
  pullRequests: z.int().describe("Pull requests, each counted once"),
  successRate: z
    .number()
    .nullable()
    .describe("Share of pull requests among the issues that ended with a pull request or failed, from 0 to 1"),
  toPr: spread
    .nullable()
    .describe("Time from the moment when an issue enters the queue to its pull request; null if there is none"),
  wait: spread
    .nullable()
    .describe("Time that an issue waits in the queue before work on it starts")
    .meta({ sameAs: ".toPr" }),
  agents: z.strictObject(agents),
  failures: z
    .array(
      z.strictObject({
        kind: z.enum(FAILURE_KINDS).meta({ shownAs: "[failure](failures.md)" }),
        tries: z.int().describe("Attempts that failed in this way"),
        issues: z.int().describe("Issues that ended in this way"),
        reason: z.string().describe("The newest message"),
      }),
    )
    .describe("The most frequent first"),
  days: z
    .array(
      z.strictObject({
        day: z.string().describe("`2026-11-25`, in the time zone of this machine"),
        prs: z.int().describe("Pull requests, each counted once"),
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
        outcome: z.enum(OUTCOMES).nullable().describe("How it ended last; null if it has not ended"),
        pr: z.int().nullable(),
        toPrMs: z.number().nullable(),
        ...agents,
      }),
    )
    .describe("The 1000 most expensive"),
});
