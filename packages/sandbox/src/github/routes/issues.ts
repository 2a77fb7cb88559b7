import { ApiError, forbidden, json } from "../answer.ts";
import { addLabel, closeIssue, editBody, openIssue, removeLabel, renameIssue, reopenIssue } from "../issues.ts";
import type { Issue } from "../model.ts";
import { page } from "../paging.ts";
import { presentEvent, presentIssue } from "../present.ts";
import { atLeast } from "../store.ts";
import { issueOf, labelNames, needsToSpeak, text, type RepositoryCall, type RepositoryRoute } from "./route.ts";

export const issueRoutes: readonly RepositoryRoute[] = [
  {
    method: "GET",
    path: "/issues",
    run: (call) => page(listed(call), call.url, (issue) => presentIssue(call, call.repository, issue)),
  },
  {
    method: "POST",
    path: "/issues",
    run(call) {
      needsToSpeak(call);
      const { store, repository, user } = call;
      const labels = atLeast(call.level, "write") ? (labelNames(call.body["labels"]) ?? []) : [];
      const title = text(call, "title") ?? "";
      const body = text(call, "body") ?? null;
      const issue = openIssue({ store, repository, title, body, labels, author: user.login });
      return json(201, presentIssue(call, repository, issue));
    },
  },
  {
    method: "GET",
    path: "/issues/:number",
    run: (call) => json(200, presentIssue(call, call.repository, issueOf(call))),
  },
  { method: "PATCH", path: "/issues/:number", run: (call) => edit(call) },
  {
    method: "GET",
    path: "/issues/:number/events",
    run: (call) => page(issueOf(call).events, call.url, (event) => presentEvent(call, call.repository, event)),
  },
];

function listed(call: RepositoryCall): Issue[] {
  const query = call.url.searchParams;
  const labels = (query.get("labels") ?? "").split(",").filter(Boolean);
  const wanted = labels.map((label) => label.trim().toLowerCase());
  const state = query.get("state") ?? "open";
  const since = Math.floor(Date.parse(query.get("since") ?? "1970-01-01T00:00:00Z") / 1000);
  if (Number.isNaN(since)) throw new ApiError(422, "Validation Failed");
  const field = query.get("sort") === "updated" ? "updatedAt" : "createdAt";
  const turn = query.get("direction") === "asc" ? 1 : -1;
  return [...call.repository.issues.values()]
    .filter((issue) => !issue.deleted && issue.movedTo === null)
    .filter((issue) => state === "all" || issue.state === state)
    .filter((issue) => Math.floor(issue.updatedAt / 1000) >= since)
    .filter((issue) => wanted.every((label) => issue.labels.some((name) => name.toLowerCase() === label)))
    .sort((a, b) => turn * (a[field] - b[field] || a.number - b.number));
}

function edit(call: RepositoryCall) {
  const issue = issueOf(call);
  const { store, repository, user } = call;
  needsToSpeak(call);
  const actor = user.login;
  const writer = atLeast(call.level, "write");
  if (!writer && issue.author !== actor) throw forbidden();
  const title = text(call, "title");
  if (title !== undefined) renameIssue({ store, issue, actor, title });
  if ("body" in call.body) editBody({ store, issue, actor, body: text(call, "body") ?? null });
  const labels = labelNames(call.body["labels"]);
  if (labels !== undefined && writer) setLabels(call, issue, labels);
  const state = text(call, "state");
  const reason = text(call, "state_reason");
  if (state === "closed") closeIssue({ store, issue, actor, ...(reason === undefined ? {} : { reason }) });
  if (state === "open") reopenIssue({ store, issue, actor });
  return json(200, presentIssue(call, repository, issue));
}

/** What is missing is added, what is too much taken off, each with its event. */
export function setLabels(call: RepositoryCall, issue: Issue, labels: readonly string[]): void {
  const act = { store: call.store, repository: call.repository, issue, actor: call.user.login };
  const wanted = new Set(labels.map((label) => label.toLowerCase()));
  const tooMuch = issue.labels.filter((label) => !wanted.has(label.toLowerCase()));
  for (const label of tooMuch) removeLabel({ ...act, label });
  for (const label of labels) addLabel({ ...act, label });
}
