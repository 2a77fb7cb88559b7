import type { RepositoryConfig } from "@tac8/core/config/resolve";
import { note, type Finding } from "./finding.ts";
import type { DoctorInput } from "./doctorInput.ts";

/** Maximum number of repositories, because the check of permissions makes three writes per repository, one second apart. */
const MAX_REPOSITORIES = 10;

/** Check the configured repositories with GitHub, at most ten. Without a token or a repository, nothing is checked. */
export async function eachRepository(
  input: DoctorInput,
  check: (repository: RepositoryConfig) => Promise<Finding | readonly Finding[]>,
): Promise<Finding[]> {
  const { secrets, repositories } = input.config;
  if (secrets.github === null || repositories.length === 0) {
    return [note("not checked: this needs a token and a repository")];
  }
  const some = repositories.slice(0, MAX_REPOSITORIES);
  const findings = (await Promise.all(some.map(check))).flat();
  const left = repositories.length - some.length;
  return left === 0 ? findings : [...findings, note(`${left} more repositories were not checked`)];
}
