import { pullBody, pullTitle } from "@tac8/core/outgoing/texts";
import { GitHubError } from "@tac8/core/github/errors";
import type { NewPull } from "@tac8/core/github/pulls";
import type { Pull } from "@tac8/core/github/types";
import type { PushScope } from "../../airlock/pushScope.ts";
import { retryOptionsOf, withRetry } from "../../run/retry.ts";
import type { PublishNeeds } from "./needs.ts";
import { pullFacts, addRoundToText, type PullTextInput, type PullTextNeeds } from "./pullText.ts";
import { ensureOpenBranch } from "./ensureOpenBranch.ts";

export interface PullNeeds extends PublishNeeds, PullTextNeeds {
  /** Title of the issue in the queue. */
  readonly title: string;
}

export interface FindOrOpenPullInput extends PullTextInput {
  readonly scope: PushScope;
  /** Set to false after GitHub reports that the repository has no drafts. */
  readonly asDraft: { wanted: boolean };
}

/**
 * Find the pull request of the branch, or open one. It searches first, because the answer to an earlier creation may have been lost.
 * @returns "nothing" if there is nothing to merge; "ended" if a user ended the branch's pull request just before the push. The record
 * has the next branch then
 */
export async function findOrOpenPull(
  run: PullNeeds,
  { scope, asDraft, ...parts }: FindOrOpenPullInput,
): Promise<Pull | "ended" | "nothing"> {
  const { github, ref } = run.issue;
  const { state } = run.record;
  const options = { signal: run.signal };
  const branch = state.branch.name ?? "";
  return withRetry(async () => {
    const pulls = await github.pullsOfBranch(ref, branch, options);
    // A user may have closed or merged it before its number was recorded.
    const existing =
      pulls.find((pull) => pull.state === "open") ?? pulls.find((pull) => pull.headSha === state.branch.head);
    if (existing !== undefined) return addRoundToText(run, existing, parts);
    if (pulls.length > 0) {
      await ensureOpenBranch(run, scope);
      return "ended";
    }
    await run.record.assertLive();
    const title = parts.countedTitle?.title ?? run.title;
    const pull = {
      title: pullTitle({ issueNumber: ref.number, issueTitle: title }),
      closes: ref.number,
      text: pullBody(pullFacts(run, parts)),
      head: branch,
      base: scope.base,
    };
    try {
      return await openDraftIfPossible(run, pull, asDraft);
    } catch (error) {
      if (!(error instanceof GitHubError) || error.kind !== "invalid") throw error;
      if (/no commits between/i.test(error.detail)) return "nothing";
      if (!/already exists/i.test(error.detail)) throw error;
      const openedMeanwhile = (await github.pullsOfBranch(ref, branch, options)).find((pull) => pull.state === "open");
      if (openedMeanwhile === undefined) throw error;
      return openedMeanwhile;
    }
  }, retryOptionsOf(run));
}

/** Open a pull request: as a draft if that is wanted and the repository's plan has drafts. `asDraft` stores that it has none. */
async function openDraftIfPossible(
  run: PullNeeds,
  pull: Omit<NewPull, "draft">,
  asDraft: { wanted: boolean },
): Promise<Pull> {
  const { github, ref } = run.issue;
  const options = { signal: run.signal };
  try {
    return await github.openPull(ref, { ...pull, draft: asDraft.wanted }, options);
  } catch (error) {
    const noDrafts =
      asDraft.wanted &&
      error instanceof GitHubError &&
      error.kind === "invalid" &&
      /draft pull requests? (are|is) not supported|draft.* not (supported|available)/i.test(error.detail);
    if (!noDrafts) throw error;
    run.log.warn(
      "draft = true is configured, but this repository's plan has no draft pull requests: opened a normal one",
    );
    asDraft.wanted = false;
    return github.openPull(ref, { ...pull, draft: false }, options);
  }
}
