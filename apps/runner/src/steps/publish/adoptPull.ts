import { isBranchOf } from "../../airlock/pushScope.ts";
import { retryOptionsOf, withRetry } from "../../run/retry.ts";
import type { PublishNeeds } from "./needs.ts";

/** Record the pull request with the issue's work, if there is one. The issue then ended with it, whichever account closed the issue. */
export async function adoptPull(run: Pick<PublishNeeds, "issue" | "signal" | "record">): Promise<void> {
  const { github } = run.issue;
  const { name: branch, head: headSha } = run.record.state.branch;
  const own = { issue: run.issue.ref.number, pattern: run.issue.repository.branch };
  if (branch === null || headSha === null || !isBranchOf(own, branch)) return;
  const retry = retryOptionsOf(run);
  const pulls = await withRetry(() => github.pullsOfBranch(run.issue.ref, branch, { signal: run.signal }), retry);
  const pullOfHead = pulls.find((pull) => pull.headSha === headSha);
  if (pullOfHead === undefined) return;
  const recorded = { "end.failure": null, "end.reason": null };
  await run.record.write({
    ...recorded,
    checkpoint: "published",
    "pull.number": pullOfHead.number,
    "pull.url": pullOfHead.url,
    "end.outcome": "pr",
  });
}
