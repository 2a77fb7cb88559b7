import { nameToken } from "../config/tokenName.ts";
import type { TokenCredentials } from "../config/credentials.ts";
import type { Installation } from "./appCalls.ts";
import type { CallOptions, Repo } from "./types.ts";

/** The tokens of a process for GitHub, one after the other. */
export interface GitHubTokens {
  /** Name for messages, see `nameToken`. */
  readonly name: string;
  /** Return the current token; empty: none. @throws GitHubError, or the signal's reason */
  readonly get: (options?: CallOptions) => Promise<string>;
  /**
   * Return another token in place of one that GitHub has refused; null: there is no other, or it replaced a refused one itself less than a minute ago.
   * Callers that were refused at the same time get the same token. @throws as `get`
   */
  readonly replace: (refused: string, options?: CallOptions) => Promise<string | null>;
  /**
   * Return another token in place of one that lacks a repository, or the permission for workflows, if an operator has granted that since
   * the token was created; null: not granted, or a repository was checked less than a minute ago. It never throws for a failure of GitHub.
   * @throws the signal's reason
   */
  readonly renewForAccess: (used: string, lacks: Repo | "workflows", options?: CallOptions) => Promise<string | null>;
  /** The App whose private key creates them; null: the token is not from an App of this process. */
  readonly app: AppIdentity | null;
}

export interface AppIdentity {
  /** Return the account that GitHub shows as the author, such as `tac8[bot]`. @throws as `get` */
  readonly login: (options?: CallOptions) => Promise<string>;
  /** Return the state of the App, for `tac8 doctor`. @throws as `get` */
  readonly inspect: (options?: CallOptions) => Promise<AppReport>;
}

/** State of the App on GitHub. */
export interface AppReport {
  readonly slug: string;
  /** URL of its page. */
  readonly url: string;
  readonly repositories: readonly RepositoryAccess[];
  /** Remaining lifetime of the current token, in milliseconds; null: none could be created. */
  readonly leftMs: number | null;
}

/** A configured repository, with its installation. */
export interface RepositoryAccess {
  readonly repo: Repo;
  readonly installation: Installation | null;
  /** Why the tokens cannot access it, and what to do; null: they can. */
  readonly why: string | null;
}

/** Return tokens that consist of one token, which does not change until the program is restarted. */
export function oneToken(
  credentials: (Pick<TokenCredentials, "token"> & { readonly source?: string }) | null,
): GitHubTokens {
  const { token = "", source = "GITHUB_TOKEN" } = credentials ?? {};
  return {
    name: nameToken({ kind: "token", token, source }),
    get: async () => token,
    replace: async () => null,
    renewForAccess: async () => null,
    app: null,
  };
}
