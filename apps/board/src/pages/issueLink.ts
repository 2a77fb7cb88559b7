import { formatReference, parseJobId, sameRepo, type IssueRef, type RepoRef } from "@tac8/core/domain/reference";
import { html, type Html } from "./html.ts";

/** The issue of a job, in the configuration's spelling, which a job id does not keep; null: it is no job of ours. */
export function issueOf(jobId: string, repositories: readonly RepoRef[]): IssueRef | null {
  const parsed = parseJobId(jobId);
  if (parsed === null) return null;
  const repo = repositories.find((known) => sameRepo(known, parsed)) ?? parsed;
  return { owner: repo.owner, repo: repo.repo, number: parsed.number };
}

/** Our page about the issue. */
export function issuePath({ owner, repo, number }: IssueRef): string {
  return `/issues/${encodeURIComponent(owner)}/${encodeURIComponent(repo)}/${number}`;
}

/** `#471` where one repository is configured, else `owner/repo#471`. */
export function shortReference(ref: IssueRef, repositories: readonly RepoRef[]): string {
  return repositories.length === 1 ? `#${ref.number}` : formatReference(ref);
}

/** The reference as a link to our page; the bare id of what is no job of ours. */
export function issueLink(jobId: string, repositories: readonly RepoRef[]): Html {
  const ref = issueOf(jobId, repositories);
  if (ref === null) return html`<b>${jobId}</b>`;
  return html`<a class="ref" href="${issuePath(ref)}">${shortReference(ref, repositories)}</a>`;
}
