import { permitAdvice } from "@tac8/core/config/tokenName";
import { evaluateRepository, type AccessReport } from "@tac8/core/github/access";
import type { RepositoryConfig } from "@tac8/core/config/resolve";
import { GitHubError } from "@tac8/core/github/errors";
import { AREAS, type Area, type MayWrite } from "@tac8/core/github/mayWrite";
import type { Check } from "../check.ts";
import { eachRepository } from "../eachRepository.ts";
import { ok, problem, unknown, type Finding } from "../finding.ts";
import type { DoctorInput } from "../doctorInput.ts";

export const permissions: Check = {
  name: "Permissions",
  limitMs: 90_000,
  inspect: (input, signal) => eachRepository(input, (repository) => inspectRepository(input, repository, signal)),
};

async function inspectRepository(
  { github }: DoctorInput,
  repository: RepositoryConfig,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { owner, repo } = repository;
  const name = `${owner}/${repo}`;
  const answer = await github.repository(repository, { signal }).catch(gitHubError);
  const access = evaluateRepository(name, answer, github.tokens.name);
  if (access.problems.length > 0 || access.warnings.length > 0) return evaluateAccess(access);
  const may = new Map<Area, MayWrite | GitHubError>();
  for (const area of AREAS) may.set(area, await github.mayWrite(repository, area, { signal }).catch(gitHubError));
  return evaluatePermissions(name, may, github.tokens.name);
}

function gitHubError(error: unknown): GitHubError {
  if (error instanceof GitHubError) return error;
  throw error;
}

/** Evaluate an access report, whose lines have the advice after the first colon. Pure. */
export function evaluateAccess({ problems, warnings }: AccessReport): Finding[] {
  return [
    ...problems.map((line) => {
      const colon = line.indexOf(": ");
      return problem(line.slice(0, colon), line.slice(colon + 2));
    }),
    ...warnings.map((line) => unknown(line)),
  ];
}

/** Evaluate the permissions of a token. Pure. `may`: the response to a write without effect, by permission. */
export function evaluatePermissions(
  name: string,
  may: ReadonlyMap<Area, MayWrite | GitHubError>,
  token = "GITHUB_TOKEN",
): Finding[] {
  const those = (wanted: MayWrite) => [...may].filter(([, answer]) => answer === wanted).map(([area]) => area);
  const refused = those("no");
  const off = those("off");
  const findings: Finding[] = [];
  if (refused.length > 0) {
    findings.push(
      problem(`${name}: the token cannot write ${refused.join(", ")}`, permitAdvice(token, refused.join(", "))),
    );
  }
  if (off.length > 0) {
    findings.push(problem(`${name}: ${off.join(", ")} are disabled`, "enable them in the repository's settings"));
  }
  for (const [area, answer] of may) {
    if (answer instanceof GitHubError)
      findings.push(unknown(`${name}: ${area} could not be checked: ${answer.message}`));
  }
  return findings.length > 0 ? findings : [ok(`${name}: the token can write ${AREAS.join(", ")}`)];
}
