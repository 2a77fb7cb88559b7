import type { Config } from "../config/resolve.ts";
import { appTokens, type AppTokensOptions } from "./appTokens.ts";
import { oneToken, type GitHubTokens } from "./tokens.ts";

type Options = Pick<AppTokensOptions, "log" | "requestTimeoutMs" | "retryBaseMs" | "now">;

/** Open the tokens of a configuration, for the whole life of a process. Share them, so that GitHub gets no unnecessary requests. */
export function openTokens(
  config: Pick<Config, "github" | "repositories" | "secrets">,
  options: Options,
): GitHubTokens {
  const { github: credentials, values } = config.secrets;
  if (credentials?.kind !== "app") return oneToken(credentials);
  const { repositories } = config;
  return appTokens({ ...options, apiUrl: config.github.api_url, credentials, repositories, secrets: values });
}
