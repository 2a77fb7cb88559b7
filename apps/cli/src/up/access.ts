import { errorOf } from "@tac8/core/domain/messageOf";
import type { Config, RepositoryConfig } from "@tac8/core/config/resolve";
import { isApp } from "@tac8/core/config/tokenName";
import { evaluateRepository, type AccessReport } from "@tac8/core/github/access";
import { createGitHub, type GitHub } from "@tac8/core/github/client";
import { GitHubError } from "@tac8/core/github/errors";
import { openTokens } from "@tac8/core/github/openTokens";
import { createLogger } from "@tac8/core/log/logger";

const ANSWER_MS = 8000;
const AT_ONCE = 5;

/** Check the token, and its permissions in each configured repository, with GitHub. Rejects when the signal is aborted. */
export async function checkAccess(config: Config, signal: AbortSignal): Promise<AccessReport> {
  const log = createLogger({ name: "cli", level: "silent", secrets: config.secrets.values });
  const tokens = openTokens(config, { log, requestTimeoutMs: ANSWER_MS, now: Date.now });
  const github = createGitHub({
    apiUrl: config.github.api_url,
    tokens,
    secrets: config.secrets.values,
    log,
    requestTimeoutMs: ANSWER_MS,
    now: Date.now,
  });
  const token = tokens.name;
  const within = AbortSignal.any([signal, AbortSignal.timeout(2 * ANSWER_MS)]);
  const viewer = await attempt(whose(github, within), signal);
  // A token of a GitHub App has no user, so a 403 does not concern the repositories.
  const failure = viewer instanceof Error && kindOf(viewer) !== "forbidden" ? viewer : null;
  if (failure !== null) return evaluateToken(failure, { apiUrl: config.github.api_url, token });
  const problems: string[] = [];
  const warnings: string[] = [];
  const waiting = [...config.repositories];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const report = await checkRepository(github, next, { within, signal, token });
      problems.push(...report.problems);
      warnings.push(...report.warnings);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { problems, warnings };
}

/** Request the account of the token. An App uses its own endpoint, because its tokens need an installation. */
async function whose(github: GitHub, signal: AbortSignal): Promise<unknown> {
  const { app } = github.tokens;
  return app === null ? github.viewer({ signal }) : app.login({ signal });
}

async function checkRepository(
  github: GitHub,
  repository: RepositoryConfig,
  { within, signal, token }: { within: AbortSignal; signal: AbortSignal; token: string },
): Promise<AccessReport> {
  const { owner, repo } = repository;
  const answer = await attempt(github.repository({ owner, repo }, { signal: within }), signal);
  return evaluateRepository(`${owner}/${repo}`, answer, token);
}

/** Evaluate a failed request for the account of the token. @param failure the error. `token`: see `nameToken` */
export function evaluateToken(
  failure: Error,
  { apiUrl, token }: { readonly apiUrl: string; readonly token: string },
): AccessReport {
  if (failure instanceof GitHubError && failure.kind === "unauthorized") {
    // For an App, the error explains what is missing, or that the private key does not match.
    if (isApp(token)) return { problems: [appProblem(failure, token)], warnings: [] };
    return { problems: [`GitHub at ${apiUrl} rejects ${token}: it is wrong or has expired`], warnings: [] };
  }
  const output = kindOf(failure) === "unavailable" || kindOf(failure) === null ? "" : ` (${failure.message})`;
  return {
    problems: [],
    warnings: [
      `GitHub at ${apiUrl} does not respond${output}; the token was not checked, and work waits until GitHub responds`,
    ],
  };
}

function appProblem({ status, detail }: GitHubError, app: string): string {
  if (status !== 401) return detail;
  return `GitHub rejects ${app} (${detail}): check that github.app_id is the App of this private key`;
}

/** Return an error as a value, except when the operator has stopped the command. */
async function attempt<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | Error> {
  try {
    return await promise;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    return errorOf(error);
  }
}

function kindOf(error: Error): string | null {
  return error instanceof GitHubError ? error.kind : null;
}
