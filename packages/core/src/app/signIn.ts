import type { Redis } from "ioredis";
import type { Config } from "../config/resolve.ts";
import { noCredentials } from "../config/credentials.ts";
import { isAppName } from "../github/appName.ts";
import { createGitHub, type GitHub } from "../github/client.ts";
import { GitHubError } from "../github/errors.ts";
import { openTokens } from "../github/openTokens.ts";
import { waitForLogin } from "../github/waitForLogin.ts";
import { checkAccess, type AccessCheck } from "./checkAccess.ts";
import { ACCOUNTS_KEY } from "../state/keys.ts";
import { StartupProblem } from "./main.ts";

export interface SignInOptions extends Pick<AccessCheck, "log" | "signal" | "writes"> {
  /** Borrowed: the caller closes it. */
  readonly redis: Redis;
  readonly now: () => number;
}

/**
 * Return a GitHub client, after GitHub has answered and accepted the token.
 * @throws StartupProblem when there is no token, GitHub refuses it, or it has write access to no configured repository
 */
export async function signIn(config: Config, { log, redis, signal, now, writes }: SignInOptions): Promise<GitHub> {
  const { github: credentials, values: secrets } = config.secrets;
  if (credentials === null) throw new StartupProblem(noCredentials(config.github));
  const { api_url: apiUrl, write_interval_ms: writeIntervalMs } = config.github;
  const onLogin = (login: string): void => {
    log.info(`the token is the GitHub App's ${login}`);
    redis
      .hset(ACCOUNTS_KEY, apiUrl, login)
      .catch((err: unknown) => log.warn({ err }, "could not store the account's name"));
  };
  const tokens = openTokens(config, { log, now });
  const github = createGitHub({ apiUrl, tokens, secrets, log, writeIntervalMs, now, onLogin });
  const login = await waitForLogin(github, { log, signal }).catch((error: unknown) => {
    if (!(error instanceof GitHubError)) throw error;
    throw new StartupProblem(
      `GitHub refuses ${credentials.kind === "app" ? tokens.name : "the token"}: ${error.message}`,
      { cause: error },
    );
  });
  if (login === null) await recallLogin(github, { log, redis, apiUrl });
  await checkAccess(github, { config, log, signal, writes });
  return github;
}

/**
 * Return the account of an App's token that an earlier process stored, for a GitHub that does not report it. Comments count as
 * tac8's own only by the author that GitHub reported for a comment of this installation, never by the text of a comment. Agents can
 * write to Redis, so only the name of an App is accepted from there: no user can have such a name.
 */
async function recallLogin(
  github: GitHub,
  { log, redis, apiUrl }: Pick<SignInOptions, "log" | "redis"> & { readonly apiUrl: string },
): Promise<void> {
  const known = await redis.hget(ACCOUNTS_KEY, apiUrl);
  if (known !== null && isAppName(known)) github.learnLogin(known);
  else log.info("the token belongs to a GitHub App: its account is known after the first comment");
}
