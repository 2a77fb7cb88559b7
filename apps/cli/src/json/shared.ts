import { OUTCOMES, ISSUE_STATES } from "@tac8/core/domain/states";
import { z } from "zod";

// Schemas that several outputs share. Descriptions appear in docs/json.md, and so do three entries of `meta`: `shownAs` is the
// type that the page shows, `sameAs` is the path of an identical object, whose keys the page does not repeat, and `sameIn` is its command.

export const issueName = z.string().meta({ shownAs: "issue" });
export const time = z.string().meta({ shownAs: "time" });
export const issueState = z.enum(ISSUE_STATES).meta({ shownAs: "issue state" });
export const outcome = z.enum(OUTCOMES).meta({ shownAs: "outcome" });
export const pullRequest = z.strictObject({ number: z.int(), url: z.string().nullable() });

export const outcomes = z
  .record(z.enum(OUTCOMES), z.int())
  .describe("Number of each outcome. A `blocked` issue counts again when it ends");

export const figures = {
  input: z.number().describe("Input tokens that were not in the cache"),
  output: z.number(),
  cacheRead: z.number().describe("Input tokens from the cache"),
  cacheWrite: z.number().describe("Input tokens written to the cache"),
};

export const evidence = z.record(z.string(), z.union([z.string(), z.number(), z.null()]));

export const loggedEvent = z.strictObject({
  id: z.string().describe("Increases with time"),
  at: time,
  event: z.string().describe("Name of the [event](architecture.md#events)"),
  issue: z.string().describe("Empty if the event concerns no issue").meta({ shownAs: "issue" }),
  from: z
    .union([z.enum(ISSUE_STATES), z.literal("")])
    .describe("State before the event; empty if there was none")
    .meta({ shownAs: "issue state" }),
  to: z.string().describe("Deprecated: use `event`"),
  by: z.string().describe("Process or user"),
  reason: z.string(),
  evidence: evidence.describe("Facts of the event"),
});

/** Entries that the page describes with `tac8 status`. */
export const ofStatus = (path: string) => ({ sameAs: path, sameIn: "status" });

export const hold = z.strictObject({
  name: z.string(),
  reason: z.string(),
  by: z.string(),
  since: time,
  until: time.nullable().describe("Null: until an operator ends it"),
});
