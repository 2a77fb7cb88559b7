import { formatReference, refOfJob, sameRepo, type RepoRef } from "@tac8/core/domain/reference";

/** Return `#471` if only one repository is configured, else `owner/repo#471`; an id that is not a job id is returned as it is. */
export function shortName(jobId: string, repositories: readonly RepoRef[]): string {
  const ref = refOfJob(jobId, repositories);
  if (ref === null) return jobId;
  const [only, ...more] = repositories;
  return only !== undefined && more.length === 0 && sameRepo(only, ref) ? `#${ref.number}` : formatReference(ref);
}

/** Return `owner/repo#471` for JSON; an id that is not a job id, such as an empty one, is returned as it is. */
export function wholeName(jobId: string, repositories: readonly RepoRef[]): string {
  const ref = refOfJob(jobId, repositories);
  return ref === null ? jobId : formatReference(ref);
}
