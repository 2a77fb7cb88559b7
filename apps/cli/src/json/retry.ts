import { z } from "zod";
import { issueName, issueState } from "./shared.ts";

const retriedIssue = z.strictObject({
  issue: issueName,
  result: z
    .enum(["queued", "now", "waiting", "running", "stopping", "blocked", "closed", "missing", "unknown", "changed"])
    .describe(
      "`queued`: it had ended. `now`: its delay was ended. `waiting`: it was waiting for a runner already. These and `running` are successes. `missing`: not on GitHub. `unknown`: not in the queue. `changed`: another process changed it, try again",
    ),
  from: issueState.nullable().exactOptional().describe("Previous state, with `queued` and `now`"),
  held: z.string().nullable().exactOptional().describe("Hold that prevents its start, with `now` and `waiting`"),
});
export type RetriedIssue = z.output<typeof retriedIssue>;

export const retryOutput = z.strictObject({ issues: z.array(retriedIssue) });
