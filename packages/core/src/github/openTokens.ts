import type { Config } from "../config/resolve.ts";
import { appTokens, type AppTokensOptions } from "./appTokens.ts";
import { oneToken, type GitHubTokens } from "./tokens.ts";

type Options = Pick<AppTokensOptions, "log" | "requestTimeoutMs" | "retryBaseMs" | "now">;

/** The tokens of a configuration, for the whole life of a process: what shares them asks GitHub for no more than it needs. */
export function openTokens(
  config: Pick<Config, "github" | "repositories" | "secrets">,
  options: Options,
): GitHubTokens {
  const { github: credentials, values } = config.secrets;
  if (credentials?.kind !== "app") return oneToken(credentials);
  const { repositories } = config;
  return appTokens({ ...options, apiUrl: config.github.api_url, credentials, repositories, secrets: values });
}
