import { isOfToken } from "@tac8/core/config/environment";
import { noCredentials } from "@tac8/core/config/credentials";
import { GitHubError } from "@tac8/core/github/errors";
import type { AppReport, RepositoryAccess } from "@tac8/core/github/tokens";
import type { Check } from "../check.ts";
import type { DoctorInput } from "../doctorInput.ts";
import { note, ok, problem, unknown, type Finding } from "../finding.ts";

export const token: Check = {
  name: "GitHub token",
  limitMs: 30_000,
  async inspect({ config, github, problems }, signal) {
    const credentials = config.secrets.github;
    if (credentials === null) return isWrong(problems) ? [WRONG] : [none(config.github)];
    const { app } = github.tokens;
    if (app !== null) return evaluateApp(await app.inspect({ signal }).catch(gitHubError), config.github.api_url);
    const answer = await github
      .findLogin({ signal })
      .then((login) => ({ login }))
      .catch(gitHubError);
    const finding = evaluateToken(answer, config.github.api_url);
    return [finding.status === "ok" ? { ...finding, text: `${finding.text}, from ${credentials.source}` } : finding];
  },
};

function gitHubError(error: unknown): GitHubError {
  if (error instanceof GitHubError) return error;
  throw error;
}

const WRONG = note("not checked: the token could not be read, see Configuration");

function none(github: DoctorInput["config"]["github"]): Finding {
  const [, advice = ""] = noCredentials(github).split(/: (.*)/s);
  return problem(
    github.app_id === undefined ? "no GitHub token" : "the private key of the GitHub App is missing",
    advice,
  );
}

function isWrong(problems: DoctorInput["problems"]): boolean {
  return problems.some(({ key }) => isOfToken(key));
}

/** Pure. */
export function evaluateToken(answer: { readonly login: string | null } | GitHubError, apiUrl: string): Finding {
  if (answer instanceof GitHubError) {
    const advice =
      "it is wrong or has expired: create a new token (github.com → Settings → Developer settings → Fine-grained tokens), and replace the old one where tac8 has it (on an installed machine: /etc/tac8/secrets/GITHUB_TOKEN), or use a GitHub App";
    return evaluateFailure(answer, { apiUrl, advice });
  }
  return evaluateOwner(answer.login);
}

/** Pure. */
export function evaluateApp(answer: AppReport | GitHubError, apiUrl: string): Finding[] {
  if (answer instanceof GitHubError) {
    const advice =
      "github.app_id does not match the private key's App, or the key was deleted on GitHub: run tac8 init --app, or generate a new key on the App's page";
    return [evaluateFailure(answer, { apiUrl, advice })];
  }
  const { slug, url, repositories, leftMs } = answer;
  const left = leftMs === null ? "" : `; it is renewed automatically, the current one expires in ${inWords(leftMs)}`;
  return [ok(`token of the GitHub App ${slug} (${url})${left}`), ...repositories.map(evaluateAccess)];
}

function evaluateAccess({ repo, installation, why }: RepositoryAccess): Finding {
  const name = `${repo.owner}/${repo.repo}`;
  if (why === null) return ok(`${name}: accessible through the App's installation for ${installation?.account ?? ""}`);
  const colon = why.indexOf(": ");
  return problem(why.slice(0, colon), why.slice(colon + 2));
}

function inWords(ms: number): string {
  return ms < 60_000 ? `${Math.max(0, Math.round(ms / 1000))} s` : `${Math.round(ms / 60_000)} minutes`;
}

function evaluateFailure(
  answer: GitHubError,
  { apiUrl, advice }: { readonly apiUrl: string; readonly advice: string },
): Finding {
  switch (answer.kind) {
    case "unauthorized":
      return problem(`GitHub at ${apiUrl} rejects it`, advice);
    case "forbidden":
    case "unavailable":
      return unknown(
        `GitHub at ${apiUrl} does not respond`,
        "check the network and github.api_url; work waits until GitHub responds",
      );
    case "rate-limit":
    case "not-found":
    case "removed":
    case "invalid":
      return unknown(answer.message);
    default:
      return answer.kind satisfies never;
  }
}

/** Evaluate the owner of a token. Null, or a name that ends in `[bot]`: the token belongs to a GitHub App. */
function evaluateOwner(login: string | null): Finding {
  if (login !== null && !login.endsWith("[bot]")) return ok(`token of ${login}`);
  const whose =
    login === null ? "token of a GitHub App whose name GitHub does not report" : `token of the GitHub App ${login}`;
  return note(
    `${whose}: such a token expires after an hour`,
    "set github.app_id and the App's private key instead, so that tac8 renews the token itself (tac8 init --app)",
  );
}
