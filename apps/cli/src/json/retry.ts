import { z } from "zod";
import { issueName, issueState } from "./shared.ts";

const retriedIssue = z.strictObject({
  issue: issueName,
  result: z
    .enum(["queued", "now", "waiting", "running", "stopping", "blocked", "closed", "missing", "unknown", "changed"])
    .describe(
      "Successes: `queued` (it had ended, and is in the queue again), `now` (its delay was ended), `waiting` (it was waiting for a runner already) and `running`. `missing`: not on GitHub. `unknown`: not in the queue. `changed`: another process changed it, try again",
    ),
  from: issueState.nullable().exactOptional().describe("State before, with `queued` and `now`"),
  held: z.string().nullable().exactOptional().describe("Hold that still prevents its start, with `now` and `waiting`"),
});
export type RetriedIssue = z.output<typeof retriedIssue>;

export const retryOutput = z.strictObject({ issues: z.array(retriedIssue) });
