import { feedbackOf, renderFeedback } from "../../prompt/feedback.ts";
import type { Pull } from "@tac8/core/github/types";
import type { StepRecord } from "../../run/record.ts";
import type { IssueAccess } from "../../run/step.ts";
import { retryOptionsOf, withRetry } from "../../run/retry.ts";
import { isTrusted } from "../../issue/trusted.ts";

/** GitHub's placeholder for deleted accounts, so the author is unknown. */
const GHOST = "ghost";

/**
 * Read the feedback of trusted accounts on the issue's open pull request since the last round, for the prompt. Empty if there is none.
 * Feedback counts as used only if the round ends with a pull request. Otherwise the next round gets it again.
 */
export async function readFeedback(
  run: IssueAccess & { readonly record: StepRecord<"pull.feedback"> },
  pull: Pull,
  nonce: string,
): Promise<string> {
  const { github, login } = run.issue;
  const options = { signal: run.signal };
  const retry = retryOptionsOf(run);
  return withRetry(async () => {
    const reviews = await github.reviews(run.issue.ref, pull.number, options);
    const lines = await github.reviewComments(run.issue.ref, pull.number, options);
    const comments = await github.comments(run.issue.ref, pull.number, options);
    const used = run.record.state.pull.feedback?.heard ?? [];
    const news = feedbackOf({ reviews, lines, comments }, login).filter(({ key }) => !used.includes(key));
    const trusted = new Set<string>();
    for (const author of new Set(news.map((entry) => entry.author))) {
      if (author !== GHOST && (await isTrusted(run, author))) trusted.add(author);
    }
    const { text, shown } = renderFeedback(
      news.filter(({ author }) => trusted.has(author)),
      { pull: pull.number, nonce },
    );
    await run.record.write({ "pull.feedback": { heard: used, given: [...shown] } });
    return text;
  }, retry);
}
