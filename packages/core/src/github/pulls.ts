import type { Caller } from "./call.ts";
import { pullSchema } from "./schemas.ts";
import type { CallOptions, Pull, Repo } from "./types.ts";
import { nameOf, repoKey } from "./urls.ts";

export interface NewPull {
  title: string;
  body: string;
  /** Branch names, of the same repository. */
  head: string;
  base: string;
  draft: boolean;
}

/** Calls about pull requests. */
export function pullCalls({ one, all }: Caller) {
  return {
    /** Every pull request of a branch of this repository, open or not, newest first. */
    pullsOfBranch: async (repo: Repo, branch: string, options: CallOptions = {}): Promise<Pull[]> => {
      const route = "GET /repos/{owner}/{repo}/pulls";
      // Without the owner in front GitHub ignores `head` and lists everything.
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

    /** Sent once. `invalid` when the branch has one already, `unavailable` when the answer was lost: look it up by branch. */
    openPull: async (repo: Repo, pull: NewPull, options: CallOptions = {}): Promise<Pull> => {
      const route = "POST /repos/{owner}/{repo}/pulls";
      return (await one({ route, params: { ...nameOf(repo), ...pull }, schema: pullSchema, ...options })).pull;
    },

    updatePull: async (
      repo: Repo,
      number: number,
      change: { title?: string | undefined; body?: string | undefined },
      options: CallOptions = {},
    ): Promise<Pull> => {
      const route = "PATCH /repos/{owner}/{repo}/pulls/{number}";
      return (await one({ route, params: { ...nameOf(repo), number, ...change }, schema: pullSchema, ...options }))
        .pull;
    },
  };
}
