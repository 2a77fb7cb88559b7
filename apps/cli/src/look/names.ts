import { formatReference, parseJobId, sameRepo, type IssueRef, type RepoRef } from "@tac8/core/domain/reference";

/** The issue of a job, its repository written as it is configured; null when the id is none of ours. */
export function refOfJob(jobId: string, repositories: readonly RepoRef[]): IssueRef | null {
  const ref = parseJobId(jobId);
  if (ref === null) return null;
  const known = repositories.find((entry) => sameRepo(entry, ref));
  return known === undefined ? ref : { owner: known.owner, repo: known.repo, number: ref.number };
}

/** `#471` where there is one repository, else `owner/repo#471`; empty for what concerns no issue. */
export function shortName(jobId: string, repositories: readonly RepoRef[]): string {
  const ref = refOfJob(jobId, repositories);
  if (ref === null) return jobId;
  const [only, ...more] = repositories;
  return only !== undefined && more.length === 0 && sameRepo(only, ref) ? `#${ref.number}` : formatReference(ref);
}
