import { isReply } from "@tac8/core/domain/marker";
import type { ResumeReason } from "@tac8/core/domain/prompt";
import type { Comment } from "@tac8/core/github/types";
import type { IssueFields } from "@tac8/core/state/issueState";

/** As the scheduler cuts it. */
const MAX_TEXT = 60_000;

/**
 * Return the answer to an agent's question in the words of GitHub's comments. The state in Redis, which agents can write, only
 * names the comments: their authors are asked about again, and their text is read from the issue. Null: its last comment is not
 * there, or nobody who may answer wrote it.
 */
export async function readAnswer(
  answer: NonNullable<IssueFields["answer"]>,
  comments: readonly Comment[],
  mayAnswer: (login: string) => Promise<boolean>,
): Promise<Extract<ResumeReason, { kind: "answer" }> | null> {
  const last = comments.find(({ id }) => id === answer.commentId);
  if (last === undefined || !isReply(last, 0) || !(await mayAnswer(last.author.login))) return null;
  const parts: string[] = [];
  for (const comment of comments) {
    const isNamed = comment.id < last.id && comment.body !== "" && answer.text.includes(comment.body);
    if (isNamed && isReply(comment, 0) && (await mayAnswer(comment.author.login))) parts.push(comment.body);
  }
  const text = [...parts, last.body].join("\n\n").slice(0, MAX_TEXT);
  return { kind: "answer", author: last.author.login, text };
}
