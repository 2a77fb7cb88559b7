import type { Config } from "../config/resolve.ts";
import { NO_TOKEN } from "../config/variables.ts";
import { createGitHub, type GitHub } from "../github/client.ts";
import { GitHubError } from "../github/errors.ts";
import { whoAmI } from "../github/whoAmI.ts";
import { checkAccess, type AccessCheck } from "./checkAccess.ts";
import { StartupProblem } from "./main.ts";

export interface SignedIn {
  readonly github: GitHub;
  /** The token's account. */
  readonly login: string;
}

/**
 * GitHub, as soon as it answers and has taken the token.
 * @throws StartupProblem when there is no token, GitHub refuses it, or it may write to no configured repository.
 */
export async function signIn(
  config: Config,
  { log, signal, now, writes }: Pick<AccessCheck, "log" | "signal" | "writes"> & { readonly now: () => number },
): Promise<SignedIn> {
  const token = config.secrets.githubToken;
  if (token === null) throw new StartupProblem(NO_TOKEN);
  const { api_url: apiUrl, write_interval_ms: writeIntervalMs } = config.github;
  const github = createGitHub({ apiUrl, token, secrets: config.secrets.values, log, writeIntervalMs, now });
  const login = await whoAmI(github, { log, signal }).catch((error: unknown) => {
    if (!(error instanceof GitHubError)) throw error;
    throw new StartupProblem(`GitHub refuses the token: ${error.message}`, { cause: error });
  });
  await checkAccess(github, { config, log, signal, writes });
  return { github, login };
}
