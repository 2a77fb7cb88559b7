import { formatReference, refOfJob, type IssueRef, type RepoRef } from "@tac8/core/domain/reference";
import { html, type Html } from "./html.ts";

/** Return the path of an issue's page on the board. */
export function issuePath({ owner, repo, number }: IssueRef): string {
  return `/issues/${encodeURIComponent(owner)}/${encodeURIComponent(repo)}/${number}`;
}

/** Return `#471` if only one repository is configured, else `owner/repo#471`. */
export function shortReference(ref: IssueRef, repositories: readonly RepoRef[]): string {
  return repositories.length === 1 ? `#${ref.number}` : formatReference(ref);
}

/** The reference of an issue as a link to its page; only the id if it is not the id of a job. */
export function issueLink(jobId: string, repositories: readonly RepoRef[]): Html {
  const ref = refOfJob(jobId, repositories);
  if (ref === null) return html`<b>${jobId}</b>`;
  return html`<a class="ref" href="${issuePath(ref)}">${shortReference(ref, repositories)}</a>`;
}
