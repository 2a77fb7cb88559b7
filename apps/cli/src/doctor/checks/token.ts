import { isOfToken } from "@tac8/core/config/environment";
import { GitHubError } from "@tac8/core/github/errors";
import type { Check } from "../check.ts";
import type { Site } from "../site.ts";
import { note, ok, problem, unknown, type Finding } from "../finding.ts";

export const token: Check = {
  name: "GitHub token",
  limitMs: 30_000,
  async look({ config, github, problems }, signal) {
    const { githubToken, githubTokenSource } = config.secrets;
    if (githubToken === null) return isWrong(problems) ? [WRONG] : [NONE];
    const answer = await github
      .findLogin({ signal })
      .then((login) => ({ login }))
      .catch((error: unknown) => {
        if (error instanceof GitHubError) return error;
        throw error;
      });
    const finding = judgeToken(answer, config.github.api_url);
    const from = githubTokenSource === null ? "" : `, from ${githubTokenSource}`;
    return [finding.verdict === "ok" ? { ...finding, text: `${finding.text}${from}` } : finding];
  },
};

const NONE = problem(
  "there is none",
  "let tac8 init store it, or put it into GITHUB_TOKEN, or its file's path into GITHUB_TOKEN_FILE",
);
const WRONG = note("not checked: it could not be read, see Configuration");

function isWrong(problems: Site["problems"]): boolean {
  return problems.some(({ key }) => isOfToken(key));
}

/** Pure. */
export function judgeToken(answer: { readonly login: string | null } | GitHubError, apiUrl: string): Finding {
  if (!(answer instanceof GitHubError)) return judgeOwner(answer.login);
  switch (answer.kind) {
    case "unauthorized":
      return problem(
        `GitHub at ${apiUrl} does not accept it`,
        "it is wrong or has expired: make a new one (github.com → Settings → Developer settings → Fine-grained tokens)",
      );
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
    "for longer than that, start tac8 again with a new one before it ends, or use a fine-grained token of a user",
  );
}
