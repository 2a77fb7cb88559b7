import { errorOf } from "../domain/messageOf.ts";
import type { Config } from "../config/resolve.ts";
import { nameToken } from "../config/tokenName.ts";
import { evaluateRepository, evaluateWrites, type AccessReport } from "../github/access.ts";
import { askRefused } from "../github/askRefused.ts";
import type { GitHub } from "../github/client.ts";
import { AREAS, type Area, type MayWrite } from "../github/mayWrite.ts";
import type { Repo } from "../github/types.ts";
import type { Logger } from "../log/logger.ts";
import { StartupProblem } from "./main.ts";

export interface AccessCheck {
  readonly config: Config;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Also try writes that have no effect: GitHub's answer about a repository does not show the permissions of a token. */
  readonly writes: boolean;
  /** Waits between two refusals, see `askRefused`. */
  readonly refusalWaitsMs?: readonly number[] | undefined;
}

/** Maximum number of repositories whose writes are tried: each needs three, with at least one second between them. */
const MAX_WRITTEN = 10;

/**
 * Check that the token has the permissions for the configured repositories. A problem with some of them is a warning, because tac8
 * works on the others. @throws StartupProblem if every repository has a problem, three times in a row; or `signal.reason`.
 */
export async function checkAccess(github: Pick<GitHub, "repository" | "mayWrite">, given: AccessCheck): Promise<void> {
  const { log, signal, refusalWaitsMs } = given;
  const { problems, warnings, isRefused } = await askRefused(() => checkAll(github, given), {
    isRefused: (report) => report.isRefused,
    onRefused: (report) => log.warn(`checking the token again: ${report.problems[0] ?? ""}`),
    signal,
    waitsMs: refusalWaitsMs,
  });
  for (const warning of warnings) log.warn(warning);
  if (isRefused) throw new StartupProblem(problems);
  for (const problem of problems) log.warn(problem);
}

/** `isRefused`: every repository has a problem. */
type AllReport = AccessReport & { readonly isRefused: boolean };

async function checkAll(
  github: Pick<GitHub, "repository" | "mayWrite">,
  { config, signal, writes }: AccessCheck,
): Promise<AllReport> {
  const problems: string[] = [];
  const warnings: string[] = [];
  const token = nameToken(config.secrets.github);
  let refused = 0;
  for (const [index, repository] of config.repositories.entries()) {
    const report = await check(github, repository, { signal, token, writes: writes && index < MAX_WRITTEN });
    if (report.problems.length > 0) refused += 1;
    problems.push(...report.problems);
    warnings.push(...report.warnings);
  }
  return { problems, warnings, isRefused: refused === config.repositories.length };
}

async function check(
  github: Pick<GitHub, "repository" | "mayWrite">,
  { owner, repo }: Repo,
  { signal, token, writes }: Pick<AccessCheck, "signal" | "writes"> & { readonly token: string },
): Promise<AccessReport> {
  const attempt = async <T>(answer: Promise<T>): Promise<T | Error> => {
    try {
      return await answer;
    } catch (error) {
      signal.throwIfAborted();
      return errorOf(error);
    }
  };
  const name = `${owner}/${repo}`;
  const report = evaluateRepository(name, await attempt(github.repository({ owner, repo }, { signal })), token);
  if (!writes || report.problems.length > 0 || report.warnings.length > 0) return report;
  const may = new Map<Area, MayWrite | Error>();
  for (const area of AREAS) may.set(area, await attempt(github.mayWrite({ owner, repo }, area, { signal })));
  return evaluateWrites(name, may, token);
}
