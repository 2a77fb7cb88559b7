import type { Pull } from "@tac8/core/github/types";
import type { IssueRecord, RecordPart } from "@tac8/core/state/issueState";
import type { PushScope } from "../../airlock/pushScope.ts";
import type { PublishNeeds } from "./needs.ts";
import { chooseBranch } from "../../issue/branch.ts";

type Rebase = IssueRecord["branch"]["rebase"];

/**
 * Looks, before anything is pushed, whether the branch is still one to push to. Where a user closed or merged the pull
 * request while the agent worked, the hash names the next branch from here on, and what has to come on top of the base.
 * @returns "finished": a closed or merged pull request has exactly our work, and there is nothing to push.
 */
export async function settleBranch(run: PublishNeeds, scope: PushScope): Promise<"open" | "finished"> {
  const { github } = run.issue;
  const { name: branch, head: headSha } = run.record.state.branch;
  const options = { signal: run.signal };
  const pullsOf = (name: string): Promise<Pull[]> => github.pullsOfBranch(run.issue.ref, name, options);
  const pulls = await pullsOf(branch ?? "");
  if (pulls.length === 0 || pulls.some((pull) => pull.state === "open")) return "open";
  if (pulls.some((pull) => pull.headSha === headSha)) return "finished";
  const { branch: next, pull } = await chooseBranch(scope, pullsOf);
  await run.mirror.refresh(run.signal);
  const onto = await run.mirror.branch(scope.base);
  const [last] = pulls;
  run.log.warn(
    { branch: next },
    `pull request #${last?.number} was ${last?.merged === true ? "merged" : "closed"} while the agent worked: its work goes to ${next}`,
  );
  await run.record.write({
    "branch.name": next,
    "branch.published": null,
    "branch.publishedFrom": null,
    // The workspace has its own commit, and not what was made of it on top of others.
    "branch.head": run.record.state.branch.publishedFrom ?? headSha,
    "branch.others": null,
    "branch.rebase": planRebase(run.record.state, { merged: last?.merged === true ? last : null, onto }),
    "pull.number": pull?.number ?? null,
    "pull.url": pull?.url ?? null,
    "pull.headBefore": null,
  });
  return "open";
}

export interface Ended {
  /** The pull request that was merged; null: it was closed without. */
  readonly merged: Pick<Pull, "headSha" | "number" | "url"> | null;
  /** The base as it is now; null: it is not there any more. */
  readonly onto: string | null;
}

/**
 * After a merge the base has what was published: what came after it comes on top of the base as it is now. It stays so until
 * the work is pushed, the same each time: whoever repeats a push that has arrived makes the same commits. Pure.
 */
export function planRebase(
  {
    branch: { published: publishedSha, head: headSha, rebase },
  }: RecordPart<"branch.published" | "branch.head" | "branch.rebase">,
  { merged, onto }: Ended,
): Rebase {
  if (merged === null || onto === null || publishedSha === null) return rebase;
  // All of our work may have been published, to a branch that had just been merged: the base has none of that.
  const { number, url } = merged;
  return { from: publishedSha === headSha ? merged.headSha : publishedSha, onto, pull: { number, url } };
}
