import { z } from "zod";
import { issueName, issueState } from "./shared.ts";

const retriedIssue = z.strictObject({
  issue: issueName,
  result: z
    .enum(["queued", "now", "waiting", "running", "stopping", "blocked", "closed", "missing", "unknown", "changed"])
    .describe(
      "`queued`, `now`, `waiting` and `running` are successes. `missing`: not on GitHub. `unknown`: not in the queue. `changed`: try again",
    ),
  from: issueState.nullable().exactOptional().describe("State before, with `queued` and `now`"),
  held: z.string().nullable().exactOptional().describe("Hold that it waits for, with `now` and `waiting`"),
});
export type RetriedIssue = z.output<typeof retriedIssue>;

export const retryOutput = z.strictObject({ issues: z.array(retriedIssue) });
