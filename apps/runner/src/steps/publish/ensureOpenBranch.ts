import type { Pull } from "@tac8/core/github/types";
import type { IssueRecord, RecordPart } from "@tac8/core/state/issueState";
import type { PushScope } from "../../airlock/pushScope.ts";
import type { PublishNeeds } from "./needs.ts";
import { chooseBranch } from "../../issue/branch.ts";

type Rebase = IssueRecord["branch"]["rebase"];

/**
 * Check before a push whether the branch can still be used. If a user closed or merged the pull request while the agent worked, the
 * record gets the next branch, and the commits that have to be put on top of the base.
 * @returns "nothing to push" if a closed or merged pull request has exactly this work
 */
export async function ensureOpenBranch(run: PublishNeeds, scope: PushScope): Promise<"open" | "nothing to push"> {
  const { github } = run.issue;
  const { name: branch, head: headSha } = run.record.state.branch;
  const options = { signal: run.signal };
  const pullsOf = (name: string): Promise<Pull[]> => github.pullsOfBranch(run.issue.ref, name, options);
  const pulls = await pullsOf(branch ?? "");
  if (pulls.length === 0 || pulls.some((pull) => pull.state === "open")) return "open";
  if (pulls.some((pull) => pull.headSha === headSha)) return "nothing to push";
  const { branch: next, pull } = await chooseBranch(scope, pullsOf);
  await run.mirror.refresh(run.signal);
  const onto = await run.mirror.branch(scope.base);
  const [last] = pulls;
  run.log.warn(
    { branch: next },
    `pull request #${last?.number} was ${last?.merged === true ? "merged" : "closed"} while the agent worked: its work is pushed to ${next}`,
  );
  await run.record.write({
    "branch.name": next,
    "branch.published": null,
    "branch.publishedFrom": null,
    // The workspace has the agent's own commit, not the one that was made from it on top of others.
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
  /** The merged pull request; null if it was closed without a merge. */
  readonly merged: Pick<Pull, "headSha" | "number" | "url"> | null;
  /** Current commit of the base; null if the base is missing. */
  readonly onto: string | null;
}

/**
 * Plan the commits after a merge. The base has the published commits, so the newer ones are put on top of the current base. The plan is
 * stored until the work is pushed, so that a repeated push makes the same commits. Pure.
 */
export function planRebase(
  {
    branch: { published: publishedSha, head: headSha, rebase },
  }: RecordPart<"branch.published" | "branch.head" | "branch.rebase">,
  { merged, onto }: Ended,
): Rebase {
  if (merged === null || onto === null || publishedSha === null) return rebase;
  // All of the work may have been pushed to a branch that had just been merged, so the base has none of it.
  const { number, url } = merged;
  return { from: publishedSha === headSha ? merged.headSha : publishedSha, onto, pull: { number, url } };
}
