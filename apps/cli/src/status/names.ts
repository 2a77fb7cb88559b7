import { formatReference, refOfJob, sameRepo, type RepoRef } from "@tac8/core/domain/reference";

/** `#471` where there is one repository, else `owner/repo#471`; empty for what concerns no issue. */
export function shortName(jobId: string, repositories: readonly RepoRef[]): string {
  const ref = refOfJob(jobId, repositories);
  if (ref === null) return jobId;
  const [only, ...more] = repositories;
  return only !== undefined && more.length === 0 && sameRepo(only, ref) ? `#${ref.number}` : formatReference(ref);
}

/** `owner/repo#471` for JSON; the id as it is where it is none of ours, as with what concerns no issue. */
export function wholeName(jobId: string, repositories: readonly RepoRef[]): string {
  const ref = refOfJob(jobId, repositories);
  return ref === null ? jobId : formatReference(ref);
}
