import { outgoingComment, type CommentWords } from "../outgoing/outgoing.ts";
import type { Caller } from "./call.ts";
import { GitHubError } from "./errors.ts";
import { commentSchema } from "./schemas.ts";
import type { CallOptions, Comment, Repo } from "./types.ts";
import { nameOf } from "./urls.ts";

/**
 * Calls about comments of issues and pull requests. `wrote` is
 * called with the login that GitHub names as the author of what this token wrote.
 */
export function commentCalls({ one, all, redact }: Caller, wrote: (login: string) => void) {
  return {
    /** All comments of an issue, oldest first. */
    comments: (repo: Repo, number: number, options: CallOptions = {}): Promise<Comment[]> =>
      all({
        route: "GET /repos/{owner}/{repo}/issues/{number}/comments",
        params: { ...nameOf(repo), number },
        schema: commentSchema,
        ...options,
      }),

    /**
     * The comments of the whole repository that were made or edited at `sinceIso` or later, least recently touched first. Ask with the
     * same time again and an unchanged answer costs only a 304.
     */
    commentsSince: (repo: Repo, sinceIso: string, options: CallOptions = {}): Promise<Comment[]> =>
      all({
        route: "GET /repos/{owner}/{repo}/issues/comments",
        params: { ...nameOf(repo), since: sinceIso, sort: "updated", direction: "asc" },
        schema: commentSchema,
        ...options,
      }),

    /** null when the comment was deleted. */
    comment: async (repo: Repo, id: number, options: CallOptions = {}): Promise<Comment | null> => {
      const route = "GET /repos/{owner}/{repo}/issues/comments/{id}";
      return orNull(() => one({ route, params: { ...nameOf(repo), id }, schema: commentSchema, ...options }));
    },

    /** Sent once: after `unavailable`, check whether it is there before trying again. */
    createComment: async (
      repo: Repo,
      number: number,
      words: CommentWords,
      options: CallOptions = {},
    ): Promise<Comment> => {
      const comment = await one({
        route: "POST /repos/{owner}/{repo}/issues/{number}/comments",
        params: { ...nameOf(repo), number },
        texts: { body: outgoingComment(words, redact) },
        schema: commentSchema,
        ...options,
      });
      wrote(comment.author.login);
      return comment;
    },

    /** null when the comment was deleted. */
    updateComment: async (
      repo: Repo,
      id: number,
      words: CommentWords,
      options: CallOptions = {},
    ): Promise<Comment | null> => {
      const route = "PATCH /repos/{owner}/{repo}/issues/comments/{id}";
      const texts = { body: outgoingComment(words, redact) };
      return orNull(() => one({ route, params: { ...nameOf(repo), id }, texts, schema: commentSchema, ...options }));
    },
  };
}

async function orNull(ask: () => Promise<Comment>): Promise<Comment | null> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof GitHubError && error.kind === "not-found") return null;
    throw error;
  }
}
