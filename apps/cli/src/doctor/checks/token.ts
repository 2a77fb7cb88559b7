import { isOfToken } from "@tac8/core/config/environment";
import { noCredentials } from "@tac8/core/config/credentials";
import { GitHubError } from "@tac8/core/github/errors";
import type { AppReport, Place } from "@tac8/core/github/tokens";
import type { Check } from "../check.ts";
import type { Site } from "../site.ts";
import { note, ok, problem, unknown, type Finding } from "../finding.ts";

export const token: Check = {
  name: "GitHub token",
  limitMs: 30_000,
  async look({ config, github, problems }, signal) {
    const credentials = config.secrets.github;
    if (credentials === null) return isWrong(problems) ? [WRONG] : [none(config.github)];
    const { app } = github.tokens;
    if (app !== null) return judgeApp(await app.inspect({ signal }).catch(gitHubError), config.github.api_url);
    const answer = await github
      .findLogin({ signal })
      .then((login) => ({ login }))
      .catch(gitHubError);
    const finding = judgeToken(answer, config.github.api_url);
    return [finding.verdict === "ok" ? { ...finding, text: `${finding.text}, from ${credentials.source}` } : finding];
  },
};

function gitHubError(error: unknown): GitHubError {
  if (error instanceof GitHubError) return error;
  throw error;
}

const WRONG = note("not checked: it could not be read, see Configuration");

function none(github: Site["config"]["github"]): Finding {
  const [, cure = ""] = noCredentials(github).split(/: (.*)/s);
  return problem(github.app_id === undefined ? "there is none" : "the GitHub App has no private key here", cure);
}

function isWrong(problems: Site["problems"]): boolean {
  return problems.some(({ key }) => isOfToken(key));
}

/** Pure. */
export function judgeToken(answer: { readonly login: string | null } | GitHubError, apiUrl: string): Finding {
  if (answer instanceof GitHubError) {
    const cure =
      "it is wrong or has expired: run tac8 init --app, or make a new token (github.com → Settings → Developer settings → Fine-grained tokens)";
    return judgeFailure(answer, { apiUrl, cure });
  }
  return judgeOwner(answer.login);
}

/** Pure. */
export function judgeApp(answer: AppReport | GitHubError, apiUrl: string): Finding[] {
  if (answer instanceof GitHubError) {
    const cure =
      "github.app_id is not the id of the private key's App, or the key was removed there: run tac8 init --app, or make a new key on the App's page";
    return [judgeFailure(answer, { apiUrl, cure })];
  }
  const { slug, url, places, leftMs } = answer;
  const left = leftMs === null ? "" : `; the next one is made in time, this one is good for ${inWords(leftMs)}`;
  return [ok(`made by the GitHub App ${slug} (${url})${left}`), ...places.map(judgePlace)];
}

function judgePlace({ repo, installation, why }: Place): Finding {
  const name = `${repo.owner}/${repo.repo}`;
  if (why === null) return ok(`${name}: within reach of the App's installation for ${installation?.account ?? ""}`);
  const colon = why.indexOf(": ");
  return problem(why.slice(0, colon), why.slice(colon + 2));
}

function inWords(ms: number): string {
  return ms < 60_000 ? `${Math.max(0, Math.round(ms / 1000))} s` : `${Math.round(ms / 60_000)} minutes`;
}

function judgeFailure(
  answer: GitHubError,
  { apiUrl, cure }: { readonly apiUrl: string; readonly cure: string },
): Finding {
  switch (answer.kind) {
    case "unauthorized":
      return problem(`GitHub at ${apiUrl} does not accept it`, cure);
    case "forbidden":
    case "unavailable":
      return unknown(
        `GitHub at ${apiUrl} does not answer`,
        "check the network and github.api_url; work waits meanwhile",
      );
    case "rate-limit":
    case "not-found":
    case "gone":
    case "invalid":
      return unknown(answer.message);
    default:
      return answer.kind satisfies never;
  }
}

/** Null, or a name in brackets: it belongs to no user. */
function judgeOwner(login: string | null): Finding {
  if (login !== null && !login.endsWith("[bot]")) return ok(`it is ${login}'s`);
  const whose = login === null ? "a GitHub App's, of which GitHub does not say the name" : `of the GitHub App ${login}`;
  return note(
    `it is ${whose}: such a token ends after an hour`,
    "set github.app_id and the App's private key instead, so that tac8 makes new ones (tac8 init --app)",
  );
}
