import { findMarked, isReply } from "@tac8/core/domain/marker";
import type { ResumeReason } from "../../prompt/prompt.ts";
import type { Comment } from "@tac8/core/github/types";

/** The scheduler uses the same limit. */
const MAX_TEXT = 60_000;

/**
 * Return the reply to an agent's question: all replies since the newest question, by users who may reply, read from the comments on
 * GitHub. Redis, which agents can write to, only shows that there is a reply. Null if GitHub has none.
 * @param login account of the token
 */
export async function readReply(
  comments: readonly Comment[],
  { login, mayReply }: { readonly login: string | null; readonly mayReply: (author: string) => Promise<boolean> },
): Promise<Extract<ResumeReason, { kind: "reply" }> | null> {
  const question = findMarked(comments, login, "question").at(-1)?.comment;
  const replies: Comment[] = [];
  for (const comment of comments) {
    if (isReply(comment, question?.id ?? Infinity) && (await mayReply(comment.author.login))) replies.push(comment);
  }
  const last = replies.at(-1);
  if (last === undefined) return null;
  const text = replies.map(({ body }) => body).join("\n\n");
  return { kind: "reply", author: last.author.login, text: text.slice(0, MAX_TEXT) };
}
