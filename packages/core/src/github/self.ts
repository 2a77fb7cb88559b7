import type { Caller } from "./call.ts";
import { isAppName } from "./appName.ts";
import { GitHubError } from "./errors.ts";
import { graphqlSchema, viewerSchema } from "./schemas.ts";
import type { GitHubTokens } from "./tokens.ts";
import type { CallOptions } from "./types.ts";
import { graphqlBase } from "./urls.ts";

interface SelfOptions {
  readonly apiUrl: string;
  readonly tokens: GitHubTokens;
  readonly onLogin: (login: string) => void;
}

/** Calls about the token itself, and the known facts about it. */
export function selfCalls({ one }: Caller, { apiUrl, tokens: { app }, onLogin }: SelfOptions) {
  let login: string | null = null;
  let isApp: Promise<boolean> | null = app === null ? null : Promise.resolve(true);

  const viewer = (options: CallOptions = {}): Promise<{ login: string; id: number }> =>
    one({ route: "GET /user", schema: viewerSchema, ...options });

  /** Return the account of an App's token, such as `tac8[bot]`, which only GraphQL has. Null: this server does not report it. */
  async function nameOfApp(options: CallOptions): Promise<string | null> {
    const params = { baseUrl: graphqlBase(apiUrl), query: "{ viewer { login } }" };
    try {
      return (await one({ route: "POST /graphql", params, schema: graphqlSchema, ...options })).data.viewer.login;
    } catch (error) {
      if (error instanceof GitHubError) return null;
      throw error;
    }
  }

  function learnLogin(name: string): void {
    if (name.toLowerCase() === login?.toLowerCase()) return;
    login = name;
    onLogin(name);
  }

  return {
    /** Return the user of the token. An installation token belongs to no user: `forbidden`. */
    viewer,

    /** Return whether the token is an App's installation token. The request is repeated until GitHub responds. */
    isApp: (options: CallOptions = {}): Promise<boolean> => {
      isApp ??= viewer(options).then(
        () => false,
        (error: unknown) => {
          if (error instanceof GitHubError && error.kind === "forbidden") return true;
          isApp = null;
          throw error;
        },
      );
      return isApp;
    },

    /**
     * Return the account that writes the comments: the user, or the App's `…[bot]`. Null: the token belongs to an App whose account GitHub does
     * not report; it is known after the first comment.
     */
    findLogin: async (options: CallOptions = {}): Promise<string | null> => {
      if (app !== null) {
        learnLogin(await app.login(options));
        return login;
      }
      try {
        ({ login } = await viewer(options));
        isApp = Promise.resolve(false);
      } catch (error) {
        if (!(error instanceof GitHubError) || error.kind !== "forbidden") throw error;
        isApp = Promise.resolve(true);
        const name = await nameOfApp(options);
        if (name !== null) learnLogin(name);
      }
      return login;
    },

    /** Return whether a login is the account of the App whose private key this process has. A name that was only stored does not count. */
    isOwnApp: async (name: string, options: CallOptions = {}): Promise<boolean> => {
      if (app === null || !isAppName(name)) return false;
      return (await app.login(options)).toLowerCase() === name.toLowerCase();
    },

    /** Set the account that GitHub reports, or reported earlier, as the author of a comment by this token. */
    learnLogin,

    currentLogin: (): string | null => login,
  };
}
