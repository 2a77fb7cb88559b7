import { findMarked, type Marker } from "@tac8/core/domain/marker";
import type { Comment, IssueEvent } from "@tac8/core/github/types";
import type { IssueAccess } from "../../run/step.ts";
import { retryOptionsOf, withRetry } from "../../run/retry.ts";

interface Question {
  readonly comment: Pick<Comment, "createdAt">;
  readonly marker: Pick<Marker, "files">;
}

/**
 * Return the key of the files that a label allows because it answers a question about them: the newest question about files before the
 * label, by GitHub's times. Null if there is no such question, so that the label allows every change of the work. Pure.
 * @param questions oldest first
 */
export function askedFilesKey(questions: readonly Question[], label: Pick<IssueEvent, "at">): string | null {
  const isBefore = ({ comment }: Question): boolean => Date.parse(comment.createdAt) <= Date.parse(label.at);
  return questions.findLast((each) => each.marker.files !== undefined && isBefore(each))?.marker.files ?? null;
}

/** Read the questions from GitHub, and return `askedFilesKey` for them; null without a label. @throws GitHubError */
export async function readAskedFilesKey(run: IssueAccess, label: IssueEvent | null): Promise<string | null> {
  if (label === null) return null;
  const { github, login } = run.issue;
  const { signal } = run;
  const retry = retryOptionsOf(run);
  const comments = await withRetry(() => github.comments(run.issue.ref, run.issue.ref.number, { signal }), retry);
  return askedFilesKey(findMarked(comments, login, "question"), label);
}
