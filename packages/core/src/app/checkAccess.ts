import type { Config } from "../config/resolve.ts";
import { judgeRepository } from "../github/access.ts";
import type { GitHub } from "../github/client.ts";
import type { Logger } from "../log/logger.ts";
import { StartupProblem } from "./main.ts";

/**
 * Whether the token may work on the configured repositories. Trouble with some of them is a warning, since the others
 * go on. @throws StartupProblem when there is none left to work on, or `signal.reason`.
 */
export async function checkAccess(
  github: Pick<GitHub, "repository">,
  { config, log, signal }: { config: Config; log: Logger; signal: AbortSignal },
): Promise<void> {
  const problems: string[] = [];
  let refused = 0;
  for (const { owner, repo } of config.repositories) {
    const answer = await github.repository({ owner, repo }, { signal }).catch((error: unknown) => {
      signal.throwIfAborted();
      return error instanceof Error ? error : new Error(String(error));
    });
    const report = judgeRepository(`${owner}/${repo}`, answer);
    if (report.problems.length > 0) refused += 1;
    problems.push(...report.problems);
    for (const warning of report.warnings) log.warn(warning);
  }
  if (refused === config.repositories.length) throw new StartupProblem(problems);
  for (const problem of problems) log.warn(problem);
}
