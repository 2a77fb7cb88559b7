import { permitAdvice } from "../config/tokenName.ts";
import { GitHubError } from "./errors.ts";
import type { Area, MayWrite } from "./mayWrite.ts";
import type { RepositoryResult } from "./types.ts";

export interface AccessReport {
  /** Problems that must be fixed before tac8 can work. */
  readonly problems: readonly string[];
  /** Problems that may be temporary: the scheduler waits. */
  readonly warnings: readonly string[];
}

const NEEDED =
  "the token needs, for this repository, Contents, Issues and Pull requests: read and write; Metadata: read";

/** Evaluate GitHub's response about a repository. Pure. `name`: `owner/repo` as configured; `token`: see `nameToken`. */
export function evaluateRepository(name: string, answer: RepositoryResult | Error, token: string): AccessReport {
  const problem = (line: string): AccessReport => ({ problems: [line], warnings: [] });
  if (answer instanceof Error) {
    const forbidden = answer instanceof GitHubError && answer.kind === "forbidden";
    if (forbidden) return problem(`${token} has no access to ${name}: ${NEEDED}`);
    return { problems: [], warnings: [`${name} could not be checked: ${answer.message}`] };
  }
  switch (answer.kind) {
    case "missing":
      return problem(`${token} cannot access ${name}: check the name in the configuration; ${NEEDED}`);
    case "moved":
      return problem(`${name} is now ${answer.to}: change the name in the configuration`);
    case "found":
      if (answer.archived) return problem(`${name} is archived, so pushes are impossible: unarchive it`);
      return answer.canPush
        ? { problems: [], warnings: [] }
        : problem(`${token} has no write access to ${name}: ${NEEDED}`);
    default:
      return answer satisfies never;
  }
}

/** Evaluate the responses to writes without an effect, by permission. Pure. */
export function evaluateWrites(name: string, may: ReadonlyMap<Area, MayWrite | Error>, token: string): AccessReport {
  const those = (wanted: MayWrite) => [...may].filter(([, answer]) => answer === wanted).map(([area]) => area);
  const [refused, off] = [those("no"), those("off")];
  const problems: string[] = [];
  if (refused.length > 0) {
    const areas = refused.join(", ");
    problems.push(`${token} cannot write ${areas} of ${name}: ${permitAdvice(token, areas)}`);
  }
  if (off.length > 0) problems.push(`${off.join(", ")} of ${name} are disabled: enable them in its settings`);
  const warnings = [...may].flatMap(([area, answer]) =>
    answer instanceof Error
      ? [`could not check whether the token can write ${area} of ${name}: ${answer.message}`]
      : [],
  );
  return { problems, warnings };
}
