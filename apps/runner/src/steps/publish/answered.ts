import { findMarked, type Marker } from "@tac8/core/domain/marker";
import type { Comment, IssueEvent } from "@tac8/core/github/types";
import type { IssueAccess } from "../../run/step.ts";
import { patienceOf, withRetry } from "../../run/retry.ts";

interface Question {
  readonly comment: Pick<Comment, "createdAt">;
  readonly marker: Pick<Marker, "files">;
}

/**
 * Return which files a label allows because it answers a question about them; null: it answers none, and so allows whatever the
 * work changes. It answers the newest one before it, by GitHub's times. Pure.
 * @param questions oldest first
 */
export function answered(questions: readonly Question[], label: Pick<IssueEvent, "at">): string | null {
  const isBefore = ({ comment }: Question): boolean => Date.parse(comment.createdAt) <= Date.parse(label.at);
  return questions.findLast((each) => each.marker.files !== undefined && isBefore(each))?.marker.files ?? null;
}

/** The same, with the questions as they are on GitHub. @throws GitHubError */
export async function readAnswered(run: IssueAccess, label: IssueEvent | null): Promise<string | null> {
  if (label === null) return null;
  const { github, login } = run.issue;
  const { signal } = run;
  const patient = patienceOf(run);
  const comments = await withRetry(() => github.comments(run.issue.ref, run.issue.ref.number, { signal }), patient);
  return answered(findMarked(comments, login, "question"), label);
}
