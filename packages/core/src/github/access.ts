import { GitHubError } from "./errors.ts";
import type { RepositoryAnswer } from "./types.ts";

export interface AccessReport {
  /** Nothing can work until these are mended. */
  readonly problems: readonly string[];
  /** These may pass: the scheduler waits. */
  readonly warnings: readonly string[];
}

const NEEDED =
  "the token needs, for this repository, Contents, Issues and Pull requests: read and write; Metadata: read";

/** What GitHub's answer about a repository means for working on it. Pure. `name`: `owner/repo` as configured. */
export function judgeRepository(name: string, answer: RepositoryAnswer | Error): AccessReport {
  const problem = (line: string): AccessReport => ({ problems: [line], warnings: [] });
  if (answer instanceof Error) {
    const forbidden = answer instanceof GitHubError && answer.kind === "forbidden";
    if (forbidden) return problem(`GITHUB_TOKEN has no access to ${name}: ${NEEDED}`);
    return { problems: [], warnings: [`${name} could not be checked: ${answer.message}`] };
  }
  switch (answer.kind) {
    case "gone":
      return problem(`GITHUB_TOKEN cannot see ${name}: check the name in the configuration; ${NEEDED}`);
    case "moved":
      return problem(`${name} is now ${answer.to}: change the name in the configuration`);
    case "found":
      if (answer.archived) return problem(`${name} is archived, so nothing can be pushed to it: unarchive it`);
      return answer.canPush
        ? { problems: [], warnings: [] }
        : problem(`GITHUB_TOKEN has no write access to ${name}: ${NEEDED}`);
    default:
      return answer satisfies never;
  }
}
