import { z } from "zod";
import { issueName, issueState } from "./shared.ts";

const retriedIssue = z.strictObject({
  issue: issueName,
  result: z
    .enum(["queued", "now", "waiting", "running", "stopping", "blocked", "closed", "missing", "unknown", "changed"])
    .describe(
      "Successes: `queued` (it had ended), `now` (its delay was ended), `waiting` (for a runner), `running`. Errors: `stopping`, `blocked`, `closed`, `missing` (not on GitHub), `unknown` (not in the queue), `changed` (by another process: try again)",
    ),
  from: issueState.nullable().exactOptional().describe("Previous state, with `queued` and `now`"),
  held: z.string().nullable().exactOptional().describe("Hold that prevents its start, with `now` and `waiting`"),
});
export type RetriedIssue = z.output<typeof retriedIssue>;

export const retryOutput = z.strictObject({ issues: z.array(retriedIssue) });
