import type { Caller } from "./call.ts";
import { GitHubError } from "./errors.ts";
import { anySchema } from "./schemas.ts";
import type { CallOptions, Repo } from "./types.ts";
import { nameOf } from "./urls.ts";

/** The permissions that a token needs, by the names in GitHub's web interface. */
export const AREAS = ["Contents", "Issues", "Pull requests"] as const;
export type Area = (typeof AREAS)[number];

/** `off`: the repository does not have this feature, for example because its issues are disabled. */
export type MayWrite = "yes" | "no" | "off";

/**
 * Writes without an effect, because a required value is missing. GitHub checks the permission first (403, or 404 for a classic token without
 * the scope), and the request afterwards (422). Each write needs exactly one permission. A label is not suitable, because either of two
 * permissions allows it.
 */
const PROBES: Record<Area, { readonly route: `POST /${string}`; readonly params: Readonly<Record<string, string>> }> = {
  // The name of a ref must begin with refs/ and contain two slashes, and no object id is all zeros.
  Contents: { route: "POST /repos/{owner}/{repo}/git/refs", params: { ref: "tac8-doctor", sha: "0".repeat(40) } },
  // An issue needs a title.
  Issues: { route: "POST /repos/{owner}/{repo}/issues", params: {} },
  // A pull request needs its branches.
  "Pull requests": { route: "POST /repos/{owner}/{repo}/pulls", params: {} },
};

/** Calls that check whether the token may write, without writing anything. */
export function mayWriteCalls({ one }: Caller) {
  return {
    mayWrite: async (repo: Repo, area: Area, options: CallOptions = {}): Promise<MayWrite> => {
      const { route, params } = PROBES[area];
      try {
        await one({ route, params: { ...nameOf(repo), ...params }, schema: anySchema, ...options });
        return "yes";
      } catch (error) {
        const kind = error instanceof GitHubError ? error.kind : null;
        if (kind === "invalid") return "yes";
        if (kind === "forbidden" || kind === "not-found") return "no";
        if (kind === "removed") return "off";
        throw error;
      }
    },
  };
}
