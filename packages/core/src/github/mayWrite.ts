import type { Caller } from "./call.ts";
import { GitHubError } from "./errors.ts";
import { anySchema } from "./schemas.ts";
import type { CallOptions, Repo } from "./types.ts";
import { nameOf } from "./urls.ts";

/** The permissions that a token needs, as GitHub names them to people. */
export const AREAS = ["Contents", "Issues", "Pull requests"] as const;
export type Area = (typeof AREAS)[number];

/** `off`: the repository has none of it, such as issues that were switched off. */
export type MayWrite = "yes" | "no" | "off";

/**
 * Writes that can do nothing, since what they need is missing; GitHub reads the permission first (403, and 404 for a classic
 * token without the scope) and at the request then (422). Each takes that one permission and no other: a label could be
 * made with either of two.
 */
const PROBES: Record<Area, { readonly route: `POST /${string}`; readonly params: Readonly<Record<string, string>> }> = {
  // A ref's name begins with refs/ and has two slashes, and no object is all zeros.
  Contents: { route: "POST /repos/{owner}/{repo}/git/refs", params: { ref: "tac8-doctor", sha: "0".repeat(40) } },
  // No issue without a title.
  Issues: { route: "POST /repos/{owner}/{repo}/issues", params: {} },
  // No pull request without its branches.
  "Pull requests": { route: "POST /repos/{owner}/{repo}/pulls", params: {} },
};

/** Whether the token may write, found out without writing anything. */
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
        if (kind === "gone") return "off";
        throw error;
      }
    },
  };
}
