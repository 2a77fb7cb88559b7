import { ApiError, forbidden, json, notFound } from "../answer.ts";
import { addComment, editComment } from "../issues.ts";
import type { Comment, Issue } from "../model.ts";
import { page } from "../paging.ts";
import { presentComment } from "../present.ts";
import { atLeast } from "../store.ts";
import { issueOf, needsToSpeak, text, type RepositoryCall, type RepositoryRoute } from "./route.ts";

interface Spoken {
  readonly issue: Issue;
  readonly comment: Comment;
}

export const commentRoutes: readonly RepositoryRoute[] = [
  {
    method: "GET",
    path: "/issues/comments",
    run: (call) => page(inRepository(call), call.url, (spoken) => show(call, spoken)),
  },
  {
    method: "GET",
    path: "/issues/:number/comments",
    run(call) {
      const issue = issueOf(call);
      const comments = issue.comments.filter(since(call));
      return page(comments, call.url, (comment) => show(call, { issue, comment }));
    },
  },
  {
    method: "POST",
    path: "/issues/:number/comments",
    run(call) {
      const issue = issueOf(call);
      needsToSpeak(call);
      if (issue.locked && !atLeast(call.level, "write")) {
        throw new ApiError(403, "Unable to create comment because issue is locked.");
      }
      const body = text(call, "body") ?? "";
      const comment = addComment({ store: call.store, issue, author: call.user.login, body });
      return json(201, show(call, { issue, comment }));
    },
  },
  { method: "GET", path: "/issues/comments/:id", run: (call) => json(200, show(call, find(call))) },
  {
    method: "PATCH",
    path: "/issues/comments/:id",
    run(call) {
      const spoken = mine(call);
      editComment({ store: call.store, actor: call.user.login, ...spoken, body: text(call, "body") ?? "" });
      return json(200, show(call, spoken));
    },
  },
  {
    method: "DELETE",
    path: "/issues/comments/:id",
    run(call) {
      const { issue, comment } = mine(call);
      issue.comments.splice(issue.comments.indexOf(comment), 1);
      call.store.changed();
      return { status: 204 };
    },
  },
];

const show = (call: RepositoryCall, spoken: Spoken) =>
  presentComment({ view: call, repository: call.repository, ...spoken });

const all = (call: RepositoryCall): Spoken[] =>
  [...call.repository.issues.values()]
    .filter((issue) => !issue.deleted && issue.movedTo === null)
    .flatMap((issue) => issue.comments.map((comment) => ({ issue, comment })));

/** Of all issues. GitHub sorts these by creation, the oldest first, unless asked otherwise. */
function inRepository(call: RepositoryCall): Spoken[] {
  const query = call.url.searchParams;
  const field = query.get("sort") === "updated" ? "updatedAt" : "createdAt";
  const turn = query.get("sort") !== null && query.get("direction") === "desc" ? -1 : 1;
  const recent = since(call);
  return all(call)
    .filter(({ comment }) => recent(comment))
    .sort((a, b) => turn * (a.comment[field] - b.comment[field] || a.comment.id - b.comment.id));
}

/** By the time of the last edit, to the second. */
function since(call: RepositoryCall): (comment: Comment) => boolean {
  const from = Math.floor(Date.parse(call.url.searchParams.get("since") ?? "1970-01-01T00:00:00Z") / 1000);
  if (Number.isNaN(from)) throw new ApiError(422, "Validation Failed");
  return (comment) => Math.floor(comment.updatedAt / 1000) >= from;
}

function find(call: RepositoryCall): Spoken {
  const found = all(call).find(({ comment }) => comment.id === Number(call.params["id"]));
  if (found === undefined) throw notFound();
  return found;
}

function mine(call: RepositoryCall): Spoken {
  const spoken = find(call);
  needsToSpeak(call);
  if (spoken.comment.author !== call.user.login && !atLeast(call.level, "write")) throw forbidden();
  return spoken;
}
