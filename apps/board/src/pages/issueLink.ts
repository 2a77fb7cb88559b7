import { formatReference, refOfJob, type IssueRef, type RepoRef } from "@tac8/core/domain/reference";
import { html, type Html } from "./html.ts";

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
  const ref = refOfJob(jobId, repositories);
  if (ref === null) return html`<b>${jobId}</b>`;
  return html`<a class="ref" href="${issuePath(ref)}">${shortReference(ref, repositories)}</a>`;
}
