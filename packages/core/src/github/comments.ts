import { outgoingComment, type CommentWords } from "../outgoing/outgoing.ts";
import type { Caller } from "./call.ts";
import { GitHubError } from "./errors.ts";
import { commentSchema } from "./schemas.ts";
import type { CallOptions, Comment, Repo } from "./types.ts";
import { nameOf } from "./urls.ts";

/**
 * Calls about comments of issues and pull requests. `wrote` is called with the login that GitHub returns as the author of a comment that
 * this token wrote.
 */
export function commentCalls({ one, all, redact }: Caller, wrote: (login: string) => void) {
  return {
    /** Return all comments of an issue, oldest first. */
    comments: (repo: Repo, number: number, options: CallOptions = {}): Promise<Comment[]> =>
      all({
        route: "GET /repos/{owner}/{repo}/issues/{number}/comments",
        params: { ...nameOf(repo), number },
        schema: commentSchema,
        ...options,
      }),

    /**
     * Return the comments of the whole repository that were written or edited at `sinceIso` or later, least recently updated first. A
     * repeated request with the same time costs only a 304 if nothing has changed.
     */
    commentsSince: (repo: Repo, sinceIso: string, options: CallOptions = {}): Promise<Comment[]> =>
      all({
        route: "GET /repos/{owner}/{repo}/issues/comments",
        params: { ...nameOf(repo), since: sinceIso, sort: "updated", direction: "asc" },
        schema: commentSchema,
        ...options,
      }),

    /** Return a comment; null: it was deleted. */
    comment: async (repo: Repo, id: number, options: CallOptions = {}): Promise<Comment | null> => {
      const route = "GET /repos/{owner}/{repo}/issues/comments/{id}";
      return orNull(() => one({ route, params: { ...nameOf(repo), id }, schema: commentSchema, ...options }));
    },

    /** Create a comment. The request is sent once: after `unavailable`, check whether the comment exists before trying again. */
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

    /** Edit a comment; null: it was deleted. */
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
