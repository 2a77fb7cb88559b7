import { z } from "zod";
import type { IssueHistory } from "../domain/intent.ts";
import type { IssueRef } from "../domain/reference.ts";
import type { Caller } from "./call.ts";
import { GitHubError, isRefusedRequest } from "./errors.ts";
import type { CallOptions } from "./types.ts";
import { graphqlBase } from "./urls.ts";

/** Either the edits, or why GitHub does not report them: that does not pass by itself. */
export type HistoryAnswer =
  { readonly kind: "read"; readonly history: IssueHistory } | { readonly kind: "unreadable"; readonly why: string };

/**
 * Titles have no edits, but items of the timeline. The newest edits of a text come first. Texts of earlier edits
 * (`diff`) are not asked for: what counts is never an earlier text, see `domain/intent.ts`. Costs one point of the rate limit.
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
 * Null: the account was deleted, or is none that a permission is given to. A bot's login has its ending in REST alone; the login of
 * a `Mannequin`, which an import makes, may be that of another process here.
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

/** The call about an issue's edits: GraphQL, because REST has none. */
export function historyCalls({ one, redact }: Caller, { apiUrl }: { apiUrl: string }) {
  return {
    /** Who edited title, body and comments of an issue, and when. @throws GitHubError for what may pass */
    issueHistory: async ({ owner, repo, number }: IssueRef, options: CallOptions = {}): Promise<HistoryAnswer> => {
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

/** An error that names its kind, or the place in the query, comes again. Without: GitHub could not do it this time. */
function read({ data, errors }: z.infer<typeof answerSchema>, redact: (text: string) => string): HistoryAnswer {
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

/** The first of all revisions is the text as it was written. The newest one is in the content's own fields too. */
function editsOf({ lastEditedAt, includesCreatedEdit, editor, userContentEdits }: Content): IssueHistory["bodyEdits"] {
  const isCut = userContentEdits === null ? lastEditedAt !== null : userContentEdits.pageInfo.hasNextPage;
  const listed = (userContentEdits?.nodes ?? [])
    .flatMap((node) => (node === null ? [] : [{ at: node.editedAt, editor: node.editor }]))
    .toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at));
  const edits = includesCreatedEdit && !isCut ? listed.slice(0, -1) : listed;
  if (lastEditedAt !== null) edits.push({ at: lastEditedAt, editor });
  return { edits, isCut };
}
