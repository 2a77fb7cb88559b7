import { json, type Answer } from "../answer.ts";
import type { Comment, ContentEdit, Issue, Level, Repository } from "../model.ts";
import { time } from "../present.ts";
import type { Call } from "../routes/route.ts";
import { atLeast, fullName, lesser } from "../store.ts";
import { answerQuery, FieldError, type Node } from "./query.ts";

type Args = Readonly<Record<string, unknown>>;
type Asker = Pick<Call, "store" | "user" | "token" | "urls">;

/** Answer a GraphQL call about the viewer or the edits of an issue. Errors of a query have status 200. */
export function answerGraphql(call: Asker & Pick<Call, "body">): Answer {
  const { query, variables } = call.body;
  const given = typeof variables === "object" && variables !== null ? { ...variables } : {};
  const answer = answerQuery({ query: String(query), variables: given }, rootOf(call));
  return json(200, answer, { "x-ratelimit-resource": "graphql" });
}

function rootOf(call: Asker): Node {
  return {
    type: "Query",
    fields: {
      // The only place where the login of an app has its ending.
      viewer: () => ({ type: "User", fields: { login: () => call.user.login } }),
      repository: ({ owner, name }) => repositoryOf(call, `${String(owner)}/${String(name)}`),
    },
  };
}

function repositoryOf(call: Asker, name: string): Node {
  const { store, user, token } = call;
  // A renamed repository is found under its old name too.
  const found = store.find(name) ?? store.renamed.get(name.toLowerCase());
  const level: Level = found === undefined ? "none" : lesser(store.level(found, user.login), token.atMost);
  if (found === undefined || level === "none") {
    throw new FieldError("NOT_FOUND", `Could not resolve to a Repository with the name '${name}'.`);
  }
  return { type: "Repository", fields: { issue: ({ number }) => issueOf(call, found, Number(number)) } };
}

function issueOf(call: Asker, repository: Repository, number: number): Node {
  const { areas, app } = call.token;
  if (!atLeast(areas.issues ?? "admin", "read")) {
    const whose = app ? "integration" : "personal access token";
    throw new FieldError("FORBIDDEN", `Resource not accessible by ${whose}`);
  }
  const issue = repository.issues.get(number);
  if (issue === undefined || issue.deleted || issue.movedTo !== null || issue.pull !== undefined) {
    throw new FieldError("NOT_FOUND", `Could not resolve to an Issue with the number of ${number}.`);
  }
  const page = `${call.urls.html}/${fullName(repository)}/issues/${issue.number}`;
  return {
    type: "Issue",
    fields: {
      title: () => issue.title,
      ...contentOf(issue),
      timelineItems: (args) => renamesOf(issue, args),
      comments: (args) => {
        const newestFirst = issue.comments.toSorted((a, b) => b.updatedAt - a.updatedAt || b.id - a.id);
        return first(newestFirst, args, (comment) => ({
          type: "IssueComment",
          fields: { url: () => `${page}#issuecomment-${comment.id}`, ...contentOf(comment) },
        }));
      },
    },
  };
}

function contentOf(content: Issue | Comment): Node["fields"] {
  const { edits } = content;
  const newestFirst = edits.toReversed();
  return {
    body: () => content.body ?? "",
    lastEditedAt: () => (newestFirst[0] === undefined ? null : time(newestFirst[0].at)),
    includesCreatedEdit: () => edits.length > 0,
    editor: () => actorOf(newestFirst[0]?.editor ?? null),
    userContentEdits: (args) => first(newestFirst, args, editOf),
  };
}

/** `diff` is the whole text after the edit; null: that revision was deleted from the history, of which it stays a part. */
function editOf({ at, editor, text, deletedAt }: ContentEdit): Node {
  return {
    type: "UserContentEdit",
    fields: {
      editedAt: () => time(at),
      editor: () => actorOf(editor),
      diff: () => (deletedAt === null ? text : null),
      deletedAt: () => (deletedAt === null ? null : time(deletedAt)),
    },
  };
}

/** Titles have no edits: each renaming is an item of the timeline, the oldest first. */
function renamesOf(issue: Issue, args: Args): Node {
  const all = issue.events.filter(({ event }) => event === "renamed");
  const shown = all.slice(-Number(args["last"]));
  return {
    type: "IssueTimelineItemsConnection",
    fields: {
      nodes: () =>
        shown.map(({ at, actor, rename }) => ({
          type: "RenamedTitleEvent",
          fields: {
            createdAt: () => time(at),
            actor: () => actorOf(actor),
            previousTitle: () => rename?.from,
            currentTitle: () => rename?.to,
          },
        })),
      pageInfo: () => ({ type: "PageInfo", fields: { hasPreviousPage: () => all.length > shown.length } }),
    },
  };
}

/** A bot's login has no ending here. Null: the account was deleted. */
function actorOf(login: string | null): Node | null {
  if (login === null) return null;
  const isBot = login.endsWith("[bot]");
  const plain = isBot ? login.slice(0, -"[bot]".length) : login;
  return { type: isBot ? "Bot" : "User", fields: { login: () => plain } };
}

function first<T>(list: readonly T[], args: Args, node: (item: T) => Node): Node {
  const shown = list.slice(0, Number(args["first"]));
  return {
    type: "Connection",
    fields: {
      nodes: () => shown.map(node),
      pageInfo: () => ({ type: "PageInfo", fields: { hasNextPage: () => list.length > shown.length } }),
    },
  };
}
