import { GitHubError } from "@tac8/core/github/errors";
import type { Check } from "../check.ts";
import { note, ok, problem, unknown, type Finding } from "../finding.ts";

export const token: Check = {
  name: "GitHub token",
  limitMs: 30_000,
  async look({ config, github }, signal) {
    if (config.secrets.githubToken === null) return [NONE];
    const answer = await github.viewer({ signal }).catch((error: unknown) => {
      if (error instanceof GitHubError) return error;
      throw error;
    });
    return [judgeToken(answer, config.github.api_url)];
  },
};

const NONE = problem(
  "there is none",
  "put it into GITHUB_TOKEN, or its file's path into GITHUB_TOKEN_FILE; tac8 init helps with it",
);

/** Pure. */
export function judgeToken(answer: { readonly login: string } | GitHubError, apiUrl: string): Finding {
  if (!(answer instanceof GitHubError)) return ok(`it is ${answer.login}'s`);
  switch (answer.kind) {
    case "unauthorized":
      return problem(
        `GitHub at ${apiUrl} does not accept it`,
        "it is wrong or has expired: make a new one (github.com → Settings → Developer settings → Fine-grained tokens)",
      );
    case "forbidden":
      return note("it belongs to no user (a GitHub App's?): its rights count, see below");
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
