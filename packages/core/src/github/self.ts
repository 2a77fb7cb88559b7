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

/** Calls about the token itself, and what is known of it. */
export function selfCalls({ one }: Caller, { apiUrl, tokens: { app }, onLogin }: SelfOptions) {
  let login: string | null = null;
  let isApp: Promise<boolean> | null = app === null ? null : Promise.resolve(true);

  const viewer = (options: CallOptions = {}): Promise<{ login: string; id: number }> =>
    one({ route: "GET /user", schema: viewerSchema, ...options });

  /** Only GraphQL tells an app its name: `tac8[bot]`. Null: not here. */
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
    /** Whose token it is. An app's installation token is no user's: `forbidden`. */
    viewer,

    /** Whether it is an app's installation token; asked until GitHub says. */
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
     * The account that comments are written by: the user, or the app's `…[bot]`. Null: it is an app's, and GitHub does not say
     * which; the first comment that is written tells.
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

    /** Whether it is the account of the App whose private key this process has. A name that was only remembered is not. */
    isOwnApp: async (name: string, options: CallOptions = {}): Promise<boolean> => {
      if (app === null || !isAppName(name)) return false;
      return (await app.login(options)).toLowerCase() === name.toLowerCase();
    },

    /** Whom GitHub names, or named, as the author of a comment that this token wrote. */
    learnLogin,

    currentLogin: (): string | null => login,
  };
}
