import type { Pull } from "@tac8/core/github/types";
import type { RunContext } from "../run/context.ts";
import { chooseBranch } from "./branch.ts";

export type BranchSettled =
  /** The work goes to the branch as planned. */
  | { readonly kind: "same" }
  /** A closed or merged pull request has exactly our work: there is nothing to push. */
  | { readonly kind: "finished" }
  /**
   * A person closed or merged the pull request while the agent worked: the hash names the next branch from here on. After a
   * merge the commits after `from` go on top of `onto`, the base as it is now.
   */
  | { readonly kind: "moved"; readonly rebase: { readonly from: string; readonly onto: string } | null };

/** Looks, before anything is pushed, whether the branch is still one to push to. */
export async function settleBranch(run: RunContext): Promise<BranchSettled> {
  const { github } = run.services;
  const { branch, headSha, publishedSha, baseBranch } = run.state;
  const options = { signal: run.switch.lost };
  const pullsOf = (name: string): Promise<Pull[]> => github.pullsOfBranch(run.ref, name, options);
  const pulls = await pullsOf(branch ?? "");
  if (pulls.length === 0 || pulls.some((pull) => pull.state === "open")) return { kind: "same" };
  if (pulls.some((pull) => pull.headSha === headSha)) return { kind: "finished" };
  const { branch: next, pull } = await chooseBranch(run.ref.number, pullsOf);
  await run.mirror.refresh(run.switch.lost);
  const onto = await run.mirror.branch(baseBranch ?? "");
  const [last] = pulls;
  run.log.warn(
    { branch: next },
    `pull request #${last?.number} was ${last?.merged === true ? "merged" : "closed"} while the agent worked: its work goes to ${next}`,
  );
  await run.write({
    branch: next,
    publishedSha: null,
    theirSha: null,
    prNumber: pull?.number ?? null,
    prUrl: pull?.url ?? null,
    prBefore: null,
  });
  const rebase = last?.merged === true && publishedSha !== null && onto !== null ? { from: publishedSha, onto } : null;
  return { kind: "moved", rebase };
}
