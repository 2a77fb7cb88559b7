import type { Issue, Repository, Review, ReviewComment } from "./model.ts";
import { association, presentUser, repositoryUrl, time, type View } from "./present.ts";
import { fullName } from "./store.ts";

type Json = Record<string, unknown>;

interface In {
  readonly view: View;
  readonly repository: Repository;
  readonly issue: Issue;
}

export function presentReview({ view, repository, issue, review }: In & { readonly review: Review }): Json {
  const { pull, html } = addresses({ view, repository, issue });
  const page = `${html}#pullrequestreview-${review.id}`;
  return {
    id: review.id,
    node_id: Buffer.from(`PullRequestReview:${review.id}`).toString("base64"),
    ...by({ view, repository, issue }, review.author),
    body: review.body,
    state: review.state,
    html_url: page,
    pull_request_url: pull,
    _links: { html: { href: page }, pull_request: { href: pull } },
    // A pending one is not submitted.
    ...(review.state === "PENDING" ? {} : { submitted_at: time(review.at) }),
    commit_id: review.commit,
  };
}

export function presentReviewComment({ view, repository, issue, comment }: In & { comment: ReviewComment }): Json {
  const { base, pull, html } = addresses({ view, repository, issue });
  const url = `${base}/pulls/comments/${comment.id}`;
  const page = `${html}#discussion_r${comment.id}`;
  return {
    id: comment.id,
    node_id: Buffer.from(`PullRequestReviewComment:${comment.id}`).toString("base64"),
    url,
    pull_request_review_id: comment.review,
    diff_hunk: comment.diffHunk,
    path: comment.path,
    position: comment.outdated ? null : 1,
    original_position: 1,
    commit_id: comment.commit,
    original_commit_id: comment.commit,
    ...(comment.replyTo === null ? {} : { in_reply_to_id: comment.replyTo }),
    ...by({ view, repository, issue }, comment.author),
    body: comment.body,
    created_at: time(comment.at),
    updated_at: time(comment.at),
    html_url: page,
    pull_request_url: pull,
    _links: { self: { href: url }, html: { href: page }, pull_request: { href: pull } },
    start_line: null,
    original_start_line: null,
    start_side: null,
    line: comment.outdated ? null : comment.line,
    original_line: comment.line,
    side: "RIGHT",
    subject_type: "line",
  };
}

function by({ view, repository }: In, author: string | null): Json {
  if (author === null) return { user: null, author_association: "NONE" };
  const user = presentUser(view, view.store.user(author));
  return { user, author_association: association(view, repository, author) };
}

function addresses({ view, repository, issue }: In): { base: string; pull: string; html: string } {
  const base = repositoryUrl(view, repository);
  const html = `${view.urls.html}/${fullName(repository)}/pull/${issue.number}`;
  return { base, pull: `${base}/pulls/${issue.number}`, html };
}
