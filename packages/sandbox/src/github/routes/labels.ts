import { ApiError, invalid, json, notFound, type Answer } from "../answer.ts";
import { addLabel, removeLabel } from "../issues.ts";
import type { Issue, Label } from "../model.ts";
import { page } from "../paging.ts";
import { presentLabel } from "../present.ts";
import { setLabels } from "./issues.ts";
import { issueOf, labelNames, needs, text, type RepositoryCall, type RepositoryRoute } from "./route.ts";

export const labelRoutes: readonly RepositoryRoute[] = [
  { method: "GET", path: "/issues/:number/labels", run: (call) => labelsOf(call, issueOf(call)) },
  {
    method: "POST",
    path: "/issues/:number/labels",
    run(call) {
      const issue = issueOf(call);
      needs(call, "write");
      const { store, repository, user } = call;
      for (const label of asked(call)) addLabel({ store, repository, issue, label, actor: user.login });
      return labelsOf(call, issue);
    },
  },
  {
    method: "PUT",
    path: "/issues/:number/labels",
    run(call) {
      const issue = issueOf(call);
      needs(call, "write");
      setLabels(call, issue, asked(call));
      return labelsOf(call, issue);
    },
  },
  {
    method: "DELETE",
    path: "/issues/:number/labels",
    run(call) {
      const issue = issueOf(call);
      needs(call, "write");
      setLabels(call, issue, []);
      return { status: 204 };
    },
  },
  {
    method: "DELETE",
    path: "/issues/:number/labels/:name",
    run(call) {
      const issue = issueOf(call);
      needs(call, "write");
      const { store, repository, user } = call;
      const label = call.params["name"] ?? "";
      const there = removeLabel({ store, repository, issue, label, actor: user.login });
      if (!there) throw new ApiError(404, "Label does not exist");
      return labelsOf(call, issue);
    },
  },
  { method: "GET", path: "/labels", run: (call) => page([...call.repository.labels.values()], call.url, show(call)) },
  {
    method: "POST",
    path: "/labels",
    run(call) {
      needs(call, "write");
      const name = text(call, "name") ?? "";
      if (name.trim() === "") throw invalid({ resource: "Label", code: "missing_field", field: "name" });
      if (call.repository.labels.has(name.toLowerCase())) {
        throw invalid({ resource: "Label", code: "already_exists", field: "name" });
      }
      const label = call.store.label(call.repository, name);
      label.color = text(call, "color") ?? label.color;
      label.description = text(call, "description") ?? null;
      call.store.changed();
      return json(201, show(call)(label));
    },
  },
  {
    method: "GET",
    path: "/labels/:name",
    run(call) {
      const label = call.repository.labels.get(call.params["name"]?.toLowerCase() ?? "");
      if (label === undefined) throw notFound();
      return json(200, show(call)(label));
    },
  },
];

const show = (call: RepositoryCall) => (label: Label) => presentLabel(call, call.repository, label);

function labelsOf(call: RepositoryCall, issue: Issue): Answer {
  const labels = issue.labels.map((name) => call.store.label(call.repository, name));
  return call.method === "GET" ? page(labels, call.url, show(call)) : json(200, labels.map(show(call)));
}

function asked(call: RepositoryCall): string[] {
  const names = labelNames(call.body["labels"]);
  if (names === undefined) throw new ApiError(422, "Invalid request.\n\n'labels' is not a list.");
  return names;
}
