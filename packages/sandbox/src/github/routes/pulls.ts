import { forbidden, invalid, json, type Answer } from "../answer.ts";
import { compare, mergedTree } from "../git-work.ts";
import { closeIssue, editBody, renameIssue, reopenIssue } from "../issues.ts";
import type { Issue } from "../model.ts";
import { page } from "../paging.ts";
import { presentReview, presentReviewComment } from "../present-review.ts";
import { presentPull, presentUser } from "../present.ts";
import { mergePull, openPull, type MergeMethod } from "../pulls.ts";
import { atLeast } from "../store.ts";
import { needs, needsToSpeak, pullOf, text, type RepositoryCall, type RepositoryRoute } from "./route.ts";

const METHODS: readonly MergeMethod[] = ["merge", "squash", "rebase"];

export const pullRoutes: readonly RepositoryRoute[] = [
  {
    method: "GET",
    path: "/pulls",
    run: (call) =>
      page(listed(call), call.url, (issue) => presentPull({ view: call, repository: call.repository, issue })),
  },
  {
    method: "POST",
    path: "/pulls",
    async run(call) {
      needs(call, "write");
      const { store, repository, user } = call;
      const [head, base] = [text(call, "head"), text(call, "base")];
      if (head === undefined) throw invalid({ resource: "PullRequest", code: "missing_field", field: "head" });
      if (base === undefined) throw invalid({ resource: "PullRequest", code: "missing_field", field: "base" });
      const words = { title: text(call, "title") ?? "", body: text(call, "body") ?? null };
      const draft = call.body["draft"] === true;
      const issue = await openPull({ store, repository, author: user.login, head, base, draft, ...words });
      return shown(call, issue, 201);
    },
  },
  { method: "GET", path: "/pulls/:number", run: async (call) => shown(call, pullOf(call)) },
  {
    method: "GET",
    path: "/pulls/:number/reviews",
    run(call) {
      const issue = pullOf(call);
      // Only its author sees a pending review.
      const shown = issue.pull.reviews.filter(({ state, author }) => state !== "PENDING" || author === call.user.login);
      return page(shown, call.url, (review) =>
        presentReview({ view: call, repository: call.repository, issue, review }),
      );
    },
  },
  {
    method: "GET",
    path: "/pulls/:number/comments",
    run(call) {
      const issue = pullOf(call);
      const { reviews, reviewComments } = issue.pull;
      const pending = new Set(reviews.filter(({ state }) => state === "PENDING").map(({ id }) => id));
      const shown = reviewComments.filter(({ review }) => !pending.has(review));
      return page(shown, call.url, (comment) =>
        presentReviewComment({ view: call, repository: call.repository, issue, comment }),
      );
    },
  },
  {
    method: "PATCH",
    path: "/pulls/:number",
    async run(call) {
      const issue = pullOf(call);
      const { store, user } = call;
      needsToSpeak(call);
      const actor = user.login;
      if (!atLeast(call.level, "write") && issue.author !== actor) throw forbidden();
      const title = text(call, "title");
      if (title !== undefined) renameIssue({ store, issue, actor, title });
      if ("body" in call.body) editBody({ store, issue, actor, body: text(call, "body") ?? null });
      const state = text(call, "state");
      if (state === "closed") closeIssue({ store, issue, actor });
      if (state === "open") reopen(call, issue);
      return shown(call, issue);
    },
  },
  {
    method: "PUT",
    path: "/pulls/:number/merge",
    async run(call) {
      const issue = pullOf(call);
      needs(call, "write");
      const { store, repository, user } = call;
      const method = METHODS.find((name) => name === call.body["merge_method"]) ?? "merge";
      const expected = text(call, "sha");
      const request = { store, repository, issue, actor: user.login, method };
      const sha = await mergePull({ ...request, ...(expected === undefined ? {} : { expected }) });
      return json(200, { sha, merged: true, message: "Pull Request successfully merged" });
    },
  },
];

function reopen(call: RepositoryCall, issue: Issue): void {
  const head = issue.pull?.head ?? "";
  if (!call.repository.refs.has(`refs/heads/${head}`)) {
    throw invalid({
      resource: "PullRequest",
      code: "invalid",
      field: "state",
      message: `The ${head} branch has been deleted`,
    });
  }
  reopenIssue({ store: call.store, issue, actor: call.user.login });
}

function listed(call: RepositoryCall): Issue[] {
  const query = call.url.searchParams;
  const state = query.get("state") ?? "open";
  const head = query.get("head")?.toLowerCase() ?? "";
  const base = query.get("base");
  const field = query.get("sort") === "updated" ? "updatedAt" : "createdAt";
  const turn = query.get("direction") === "asc" ? 1 : -1;
  const owner = call.repository.owner;
  return [...call.repository.issues.values()]
    .filter((issue) => issue.pull !== undefined && !issue.deleted)
    .filter((issue) => state === "all" || issue.state === state)
    .filter((issue) => base === null || issue.pull?.base === base)
    .filter((issue) => !head.includes(":") || `${owner}:${issue.pull?.head}`.toLowerCase() === head)
    .sort((a, b) => turn * (a[field] - b[field] || a.number - b.number));
}

async function shown(call: RepositoryCall, issue: Issue, status = 200): Promise<Answer> {
  const { store, repository } = call;
  const { pull } = issue;
  if (pull === undefined) throw new Error(`#${issue.number} is not a pull request`);
  const where = { git: store.git, dir: repository.dir, base: pull.baseSha, head: pull.headSha };
  const counts = await compare(where);
  const open = issue.state === "open";
  const mergeable = open ? (await mergedTree(where)) !== null : null;
  const detail = {
    merged: pull.merged,
    merged_by: pull.mergedBy === null ? null : presentUser(call, store.user(pull.mergedBy)),
    mergeable,
    rebaseable: mergeable,
    mergeable_state: mergeable === null ? "unknown" : mergeable ? "clean" : "dirty",
    comments: issue.comments.length,
    review_comments: pull.reviewComments.length,
    maintainer_can_modify: false,
    commits: counts.commits,
    additions: counts.additions,
    deletions: counts.deletions,
    changed_files: counts.files,
  };
  return json(status, presentPull({ view: call, repository, issue, detail }));
}
