import { z } from "zod";
import type { IssueHistory } from "../domain/textThatCounts.ts";
import type { IssueRef } from "../domain/reference.ts";
import type { Caller } from "./call.ts";
import { GitHubError, isRefusedRequest } from "./errors.ts";
import type { CallOptions } from "./types.ts";
import { graphqlBase } from "./urls.ts";

/** The edits, or the reason why GitHub does not report them, which is not temporary. */
export type HistoryResult =
  { readonly kind: "read"; readonly history: IssueHistory } | { readonly kind: "unreadable"; readonly why: string };

/**
 * Edits of a title are items of the timeline. The newest edits of a text come first. Earlier texts (`diff`) are not requested, because they
 * never count, see `domain/textThatCounts.ts`. The query costs one point of the rate limit.
 */
const QUERY = `query ($owner: String!, $repo: String!, $number: Int!) {
  repository(owner: $owner, name: $repo) {
    issue(number: $number) {
      title
      body
      lastEditedAt
      includesCreatedEdit
      editor { __typename login }
      userContentEdits(first: 100) { nodes { editedAt editor { __typename login } } pageInfo { hasNextPage } }
      timelineItems(last: 100, itemTypes: [RENAMED_TITLE_EVENT]) {
        nodes { ... on RenamedTitleEvent { createdAt actor { __typename login } } }
        pageInfo { hasPreviousPage }
      }
      comments(first: 50, orderBy: {field: UPDATED_AT, direction: DESC}) {
        nodes {
          url
          lastEditedAt
          includesCreatedEdit
          editor { __typename login }
          userContentEdits(first: 10) { nodes { editedAt editor { __typename login } } pageInfo { hasNextPage } }
        }
      }
    }
  }
}`;

/**
 * An account as a login; null: it was deleted, or cannot have permissions. The login of a bot has its suffix only in the REST API. The login
 * of a `Mannequin`, which an import creates, may belong to another account here.
 */
const actorSchema = z
  .object({ __typename: z.string(), login: z.string().min(1).max(100) })
  .nullish()
  .transform((actor) => {
    if (actor?.__typename === "User") return actor.login;
    if (actor?.__typename === "Bot") return actor.login.endsWith("[bot]") ? actor.login : `${actor.login}[bot]`;
    return null;
  });

const editsSchema = z.object({
  nodes: z.array(z.object({ editedAt: z.string(), editor: actorSchema }).nullable()),
  pageInfo: z.object({ hasNextPage: z.boolean() }),
});

const contentSchema = z.object({
  lastEditedAt: z.string().nullable(),
  includesCreatedEdit: z.boolean(),
  editor: actorSchema,
  userContentEdits: editsSchema.nullable(),
});

const issueSchema = contentSchema.extend({
  title: z.string(),
  body: z.string(),
  timelineItems: z.object({
    nodes: z.array(z.object({ createdAt: z.string(), actor: actorSchema }).nullable()),
    pageInfo: z.object({ hasPreviousPage: z.boolean() }),
  }),
  comments: z.object({
    nodes: z.array(contentSchema.extend({ url: z.string().regex(/#issuecomment-\d+$/) }).nullable()),
  }),
});

const answerSchema = z.object({
  data: z.object({ repository: z.object({ issue: issueSchema.nullable() }).nullable() }).nullish(),
  errors: z
    .array(
      z.object({
        message: z.string().catch(""),
        type: z.string().nullish().catch(null),
        extensions: z
          .object({ code: z.string().nullish().catch(null) })
          .nullish()
          .catch(null),
      }),
    )
    .nullish(),
});

type Content = z.infer<typeof contentSchema>;

/** Calls about the edits of an issue. They use GraphQL, because REST does not have edits. */
export function historyCalls({ one, redact }: Caller, { apiUrl }: { apiUrl: string }) {
  return {
    /** Return the editors of an issue's title, body and comments, with times. @throws GitHubError for a temporary failure */
    issueHistory: async ({ owner, repo, number }: IssueRef, options: CallOptions = {}): Promise<HistoryResult> => {
      const params = { baseUrl: graphqlBase(apiUrl), query: QUERY, variables: { owner, repo, number } };
      try {
        const answer = await one({ route: "POST /graphql", params, schema: answerSchema, ...options });
        return read(answer, redact);
      } catch (error) {
        if (!isRefusedRequest(error)) throw error;
        return { kind: "unreadable", why: error.detail };
      }
    },
  };
}

/** Read the response. An error with a type or code is permanent. An error without one is temporary. */
function read({ data, errors }: z.infer<typeof answerSchema>, redact: (text: string) => string): HistoryResult {
  const error = errors?.[0];
  const issue = data?.repository?.issue ?? null;
  if (error === undefined && issue !== null) return { kind: "read", history: historyOf(issue) };
  const why = redact(error?.message ?? "the issue is not in the answer").slice(0, 300);
  const passes = error !== undefined && (error.type ?? error.extensions?.code ?? null) === null;
  if (!passes && error?.type !== "SERVICE_UNAVAILABLE") return { kind: "unreadable", why };
  throw new GitHubError({ kind: "unavailable", status: 200, retryAt: null, call: "POST /graphql", detail: why });
}

function historyOf(issue: z.infer<typeof issueSchema>): IssueHistory {
  const { nodes, pageInfo } = issue.timelineItems;
  return {
    title: issue.title,
    body: issue.body,
    titleEdits: {
      edits: nodes.flatMap((node) => (node === null ? [] : [{ at: node.createdAt, editor: node.actor }])),
      isCut: pageInfo.hasPreviousPage,
    },
    bodyEdits: editsOf(issue),
    comments: new Map(
      issue.comments.nodes.flatMap((node) =>
        node === null ? [] : [[Number(node.url.slice(node.url.lastIndexOf("-") + 1)), editsOf(node)]],
      ),
    ),
  };
}

/** Return the edits of a text. The oldest revision is the original text. The newest edit is also in the fields of the text itself. */
function editsOf({ lastEditedAt, includesCreatedEdit, editor, userContentEdits }: Content): IssueHistory["bodyEdits"] {
  const isCut = userContentEdits === null ? lastEditedAt !== null : userContentEdits.pageInfo.hasNextPage;
  const listed = (userContentEdits?.nodes ?? [])
    .flatMap((node) => (node === null ? [] : [{ at: node.editedAt, editor: node.editor }]))
    .toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at));
  const edits = includesCreatedEdit && !isCut ? listed.slice(0, -1) : listed;
  if (lastEditedAt !== null) edits.push({ at: lastEditedAt, editor });
  return { edits, isCut };
}
