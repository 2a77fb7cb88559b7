import { findMarked } from "@tac8/core/domain/marker";
import type { IssueEvent } from "@tac8/core/github/types";
import type { Withheld } from "@tac8/core/state/issueState";
import type { IssueAccess } from "../../run/step.ts";
import { retryOptionsOf, withRetry } from "../../run/retry.ts";
import { isTrusted } from "../../issue/trusted.ts";

export interface Allowance {
  /** Newest event of the label, if the label is on the issue and a trusted account added it; otherwise null. */
  readonly event: IssueEvent | null;
  /** Id of the label's newest event of any account; 0 if there is none. */
  readonly newest: number;
}

/**
 * Read from GitHub whether a trusted account allows to publish this issue's work unchanged: the label is on the issue, and such an
 * account added it last. The state in Redis is not used, because agents can write to it. @throws GitHubError
 */
export async function readAllowance(run: IssueAccess): Promise<Allowance> {
  const { github, ref } = run.issue;
  const signal = run.signal;
  const label = run.issue.policy.label_allow;
  const retry = retryOptionsOf(run);
  return withRetry(async () => {
    const [newest] = await github.labeledEvents(ref, ref.number, label, { signal });
    if (newest === undefined) return { event: null, newest: 0 };
    const result = await github.issue(ref, ref.number, { signal });
    const isOnIssue =
      result.kind === "found" && result.issue.labels.some((name) => name.toLowerCase() === label.toLowerCase());
    const isAllowed = isOnIssue && (await isTrusted(run, newest.actor));
    return { event: isAllowed ? newest : null, newest: newest.id };
  }, retry);
}

/**
 * Return whether the label was added after a question of tac8 with this key on the issue, by GitHub's times. Used if users learn the
 * reason only from the question, so a label that was added before does not count. @throws GitHubError
 */
export async function isAllowedAfterQuestion(
  run: IssueAccess,
  { event }: Allowance,
  questionKey: string,
): Promise<boolean> {
  if (event === null) return false;
  const { github, login } = run.issue;
  const { signal } = run;
  const retry = retryOptionsOf(run);
  const comments = await withRetry(() => github.comments(run.issue.ref, run.issue.ref.number, { signal }), retry);
  const questions = findMarked(comments, login, "question");
  return isAnswerTo(
    questions.map(({ comment, marker }) => ({ key: marker.allows, at: comment.createdAt })),
    { key: questionKey, at: event.at },
  );
}

/** Return whether a label of that time was added after a question with the same key. Times are GitHub's. Pure. */
export function isAnswerTo(
  questions: readonly { readonly key: string | undefined; readonly at: string }[],
  label: { readonly key: string; readonly at: string },
): boolean {
  return questions.some(({ key, at }) => key === label.key && label.at >= at);
}

/** Return why work is withheld that GitHub refused because the token may not change workflows. @throws GitHubError */
export async function whyWorkflowsWithheld(run: IssueAccess): Promise<Withheld> {
  const { newest } = await readAllowance(run);
  const cure = (await run.issue.github.isApp())
    ? "Set the permission Workflows to read and write in the App's settings, and accept the change in the installation first."
    : "Give the token the permission Workflows: read and write (for a classic token, the scope workflow) first.";
  const reason = `The work changes workflows, and GitHub rejected the push because the token has no permission for it. ${cure}`;
  return { reason, canAllow: true, allows: "workflows", event: newest };
}
