import type { Redis } from "ioredis";
import type { Config } from "../config/resolve.ts";
import { noCredentials } from "../config/credentials.ts";
import { isAppName } from "../github/appName.ts";
import { createGitHub, type GitHub } from "../github/client.ts";
import { GitHubError } from "../github/errors.ts";
import { openTokens } from "../github/openTokens.ts";
import { whoAmI } from "../github/whoAmI.ts";
import { checkAccess, type AccessCheck } from "./checkAccess.ts";
import { ACCOUNTS_KEY } from "../state/keys.ts";
import { StartupProblem } from "./main.ts";

export interface SignInOptions extends Pick<AccessCheck, "log" | "signal" | "writes"> {
  /** Borrowed. */
  readonly redis: Redis;
  readonly now: () => number;
}

/**
 * GitHub, as soon as it answers and has taken the token.
 * @throws StartupProblem when there is no token, GitHub refuses it, or it may write to no configured repository.
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
  const login = await whoAmI(github, { log, signal }).catch((error: unknown) => {
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
 * The account of an app's token that GitHub does not name: as an earlier process learned it. Comments count as our own only by
 * what GitHub said of a comment that this installation wrote, never by what a comment says of itself. Agents can write to Redis:
 * only the name of an app is taken from there, which no user can have.
 */
async function recallLogin(
  github: GitHub,
  { log, redis, apiUrl }: Pick<SignInOptions, "log" | "redis"> & { readonly apiUrl: string },
): Promise<void> {
  const known = await redis.hget(ACCOUNTS_KEY, apiUrl);
  if (known !== null && isAppName(known)) github.learnLogin(known);
  else log.info("the token belongs to a GitHub App: its account is known after the first comment");
}
