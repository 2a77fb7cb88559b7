import { outgoingAddition, outgoingPull, outgoingTitle, type MoreWords, type PullWords } from "../outgoing/outgoing.ts";
import type { Caller } from "./call.ts";
import { pullSchema, reviewCommentSchema, reviewSchema } from "./schemas.ts";
import type { CallOptions, Pull, Repo, Review, ReviewComment } from "./types.ts";
import { nameOf, repoKey } from "./urls.ts";

export interface NewPull extends PullWords {
  title: string;
  /** Branch names in the same repository. */
  head: string;
  base: string;
  draft: boolean;
}

/** Calls about pull requests. */
export function pullCalls({ one, all, redact }: Caller) {
  return {
    /** Return every pull request of a branch of this repository, open or closed, newest first. */
    pullsOfBranch: async (repo: Repo, branch: string, options: CallOptions = {}): Promise<Pull[]> => {
      const route = "GET /repos/{owner}/{repo}/pulls";
      // Without the owner as a prefix, GitHub ignores `head` and lists all pull requests.
      const params = {
        ...nameOf(repo),
        state: "all",
        head: `${repo.owner}:${branch}`,
        sort: "created",
        direction: "desc",
      };
      const found = await all({ route, params, schema: pullSchema, ...options });
      return found
        .filter(({ headRepo }) => headRepo === null || headRepo.toLowerCase() === repoKey(repo))
        .map(({ pull }) => pull)
        .filter(({ headRef }) => headRef === branch)
        .sort((a, b) => b.number - a.number);
    },

    pull: async (repo: Repo, number: number, options: CallOptions = {}): Promise<Pull> => {
      const route = "GET /repos/{owner}/{repo}/pulls/{number}";
      return (await one({ route, params: { ...nameOf(repo), number }, schema: pullSchema, ...options })).pull;
    },

    /** Return the reviews of a pull request, oldest first. */
    reviews: (repo: Repo, number: number, options: CallOptions = {}): Promise<Review[]> =>
      all({
        route: "GET /repos/{owner}/{repo}/pulls/{number}/reviews",
        params: { ...nameOf(repo), number },
        schema: reviewSchema,
        ...options,
      }),

    /** Return the comments on lines of a pull request, oldest first. */
    reviewComments: (repo: Repo, number: number, options: CallOptions = {}): Promise<ReviewComment[]> =>
      all({
        route: "GET /repos/{owner}/{repo}/pulls/{number}/comments",
        params: { ...nameOf(repo), number },
        schema: reviewCommentSchema,
        ...options,
      }),

    /** Open a pull request. Sent once. `invalid`: the branch already has one; `unavailable`: the response was lost, so find it by its branch. */
    openPull: async (repo: Repo, pull: NewPull, options: CallOptions = {}): Promise<Pull> => {
      const route = "POST /repos/{owner}/{repo}/pulls";
      const { title, closes, text, head, base, draft } = pull;
      const texts = { title: outgoingTitle(title, redact), body: outgoingPull({ closes, text }, redact) };
      const params = { ...nameOf(repo), head, base, draft };
      return (await one({ route, params, texts, schema: pullSchema, ...options })).pull;
    },

    /** Add to the text of a pull request. */
    updatePull: async (repo: Repo, number: number, words: MoreWords, options: CallOptions = {}): Promise<Pull> => {
      const route = "PATCH /repos/{owner}/{repo}/pulls/{number}";
      const texts = { body: outgoingAddition(words, redact) };
      return (await one({ route, params: { ...nameOf(repo), number }, texts, schema: pullSchema, ...options })).pull;
    },
  };
}
