import type { Issue, Review } from "./model.ts";
import type { Store } from "./store.ts";
import type { NewReview } from "./types.ts";

interface On {
  readonly store: Store;
  readonly issue: Issue;
}

/** A review with its comments. @throws Error when it is of no pull request. */
export function addReview({ store, issue, ...given }: On & Omit<NewReview, "repo" | "number">): Review {
  const pull = pullOf(issue);
  const { actor, state, body = "", comments = [] } = given;
  const common = {
    author: actor === null ? null : store.user(actor).login,
    at: Date.now(),
    commit: pull.headSha,
  };
  const review: Review = { id: store.id(), body, state, ...common };
  pull.reviews.push(review);
  for (const { path, line, body: words, diffHunk = "@@ -1 +1 @@\n+x", outdated = false, replyTo = null } of comments) {
    const place = { path, line, diffHunk, outdated, replyTo };
    pull.reviewComments.push({ id: store.id(), review: review.id, body: words, ...place, ...common });
  }
  issue.updatedAt = common.at;
  store.changed();
  return review;
}

export function dismissReview({ store, issue, id }: On & { readonly id: number }): void {
  const review = pullOf(issue).reviews.find((entry) => entry.id === id);
  if (review === undefined) throw new Error(`#${issue.number} has no review ${id}`);
  review.state = "DISMISSED";
  store.changed();
}

function pullOf(issue: Issue): NonNullable<Issue["pull"]> {
  if (issue.pull === undefined) throw new Error(`#${issue.number} is not a pull request`);
  return issue.pull;
}
