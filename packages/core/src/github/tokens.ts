import { nameToken } from "../config/tokenName.ts";
import type { TokenCredentials } from "../config/credentials.ts";
import type { Installation } from "./appCalls.ts";
import type { CallOptions, Repo } from "./types.ts";

/** The tokens that a process works at GitHub with, one after the other. */
export interface GitHubTokens {
  /** For people, see `nameToken`. */
  readonly name: string;
  /** The token to use now; empty: none. @throws GitHubError, or the signal's reason. */
  readonly get: (options?: CallOptions) => Promise<string>;
  /**
   * Another token in place of one that GitHub has refused; null: there is no other, or one was
   * replaced less than a minute ago. Callers that were refused together get the
   * same one. @throws as `get`
   */
  readonly replace: (refused: string, options?: CallOptions) => Promise<string | null>;
  /**
   * Another token in place of one that lacks a repository, or the permission for workflows, if an operator has granted that since
   * the token was made; null: not granted, or checked less than a minute ago. It never throws for a failure at GitHub.
   * @throws the signal's reason
   */
  readonly widen: (used: string, lacks: Repo | "workflows", options?: CallOptions) => Promise<string | null>;
  /** The App whose private key makes them; null: another process has made them. */
  readonly app: AppIdentity | null;
}

export interface AppIdentity {
  /** Of the account that GitHub names as author, such as `tac8[bot]`. @throws as `get` */
  readonly login: (options?: CallOptions) => Promise<string>;
  /** For `tac8 doctor`. @throws as `get` */
  readonly inspect: (options?: CallOptions) => Promise<AppReport>;
}

/** State of the App at GitHub. */
export interface AppReport {
  readonly slug: string;
  /** Its page, for people. */
  readonly url: string;
  readonly places: readonly Place[];
  /** How long the token in use is still good, in milliseconds; null: none could be made. */
  readonly leftMs: number | null;
}

/** Where one configured repository is. */
export interface Place {
  readonly repo: Repo;
  readonly installation: Installation | null;
  /** Why the tokens do not reach it, and what to do; null: they do. */
  readonly why: string | null;
}

/** One token, which stays the same until the program is started again. */
export function oneToken(
  credentials: (Pick<TokenCredentials, "token"> & { readonly source?: string }) | null,
): GitHubTokens {
  const { token = "", source = "GITHUB_TOKEN" } = credentials ?? {};
  return {
    name: nameToken({ kind: "token", token, source }),
    get: async () => token,
    replace: async () => null,
    widen: async () => null,
    app: null,
  };
}
