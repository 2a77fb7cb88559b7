import { afterEach, expect, test } from "vitest";
import { startServer, type Reply, type TestServer } from "./httpServer.fixture.ts";

const ref = { owner: "o", repo: "r", number: 7 };
const AT = (second: number) => `2026-11-01T10:00:0${second}Z`;
const user = (login: string, __typename = "User") => ({ __typename, login });
let server: TestServer;
afterEach(() => server.close());

async function start(reply: Reply): Promise<TestServer> {
  server = await startServer(() => reply);
  return server;
}

const NEVER = { lastEditedAt: null, includesCreatedEdit: false, editor: null };
const none = { nodes: [], pageInfo: { hasNextPage: false } };
const renames = (nodes: unknown[], hasPreviousPage = false) => ({ nodes, pageInfo: { hasPreviousPage } });
const issue = (more: Record<string, unknown> = {}) => ({
  title: "A",
  body: "B",
  ...NEVER,
  userContentEdits: none,
  timelineItems: renames([]),
  comments: { nodes: [] },
  ...more,
});
const data = (of: unknown): Reply => ({ json: { data: { repository: { issue: of } } } });

async function read(more: Record<string, unknown>) {
  const { client } = await start(data(issue(more)));
  const answer = await client().issueHistory(ref);
  if (answer.kind !== "read") throw new Error(answer.why);
  return answer.history;
}

/** As GitHub lists them: the newest first, and the text as it was written last. */
const edited = (...nodes: [number, ReturnType<typeof user> | null][]) => ({
  lastEditedAt: AT(nodes[0]?.[0] ?? 0),
  editor: nodes[0]?.[1] ?? null,
  includesCreatedEdit: true,
  userContentEdits: {
    nodes: [...nodes, [0, user("author")] as const].map(([at, editor]) => ({ editedAt: AT(at), editor })),
    pageInfo: { hasNextPage: false },
  },
});

test("one request returns the editors of title, body and comments, with times; the first version of a text is not an edit", async () => {
  const history = await read({
    ...edited([3, user("ann")], [2, null]),
    timelineItems: renames([{ createdAt: AT(4), actor: user("tidy", "Bot") }]),
    comments: {
      nodes: [
        { url: "http://web/o/r/issues/7#issuecomment-3500000001", ...edited([5, user("bob")]) },
        { url: "http://web/o/r/issues/7#issuecomment-12", ...NEVER, userContentEdits: none },
      ],
    },
  });
  const ann = { at: AT(3), editor: "ann" };
  expect(history).toEqual({
    title: "A",
    body: "B",
    titleEdits: { edits: [{ at: AT(4), editor: "tidy[bot]" }], isCut: false },
    bodyEdits: { edits: [ann, { at: AT(2), editor: null }, ann], isCut: false },
    comments: new Map([
      [3_500_000_001, { edits: [5, 5].map((at) => ({ at: AT(at), editor: "bob" })), isCut: false }],
      [12, { edits: [], isCut: false }],
    ]),
  });
  expect(server.calls()).toEqual(["POST /graphql"]);
  expect(JSON.parse(server.seen[0]?.body ?? "")).toMatchObject({ variables: { owner: "o", repo: "r", number: 7 } });
});

test("an edit in the second in which the text was written is one", async () => {
  const { bodyEdits } = await read(edited([0, user("author")]));
  expect(bodyEdits.edits).toContainEqual({ at: AT(0), editor: "author" });
});

test("the newest edit counts also where the list has none, and a list with more pages is cut", async () => {
  const last = { lastEditedAt: AT(9), editor: user("ann") };
  const { bodyEdits } = await read({ ...last, userContentEdits: null, timelineItems: renames([], true) });
  expect(bodyEdits).toEqual({ edits: [{ at: AT(9), editor: "ann" }], isCut: true });
  const long = { nodes: [{ editedAt: AT(9), editor: user("ann") }], pageInfo: { hasNextPage: true } };
  const history = await read({ ...last, includesCreatedEdit: true, userContentEdits: long });
  expect(history.bodyEdits.isCut).toBe(true);
  expect(history.bodyEdits.edits).toHaveLength(2);
});

test.each(["Mannequin", "Organization", "EnterpriseUserAccount"])("a %s is nobody's account here", async (kind) => {
  expect((await read(edited([3, user("ann", kind)]))).bodyEdits.edits[0]).toEqual({ at: AT(3), editor: null });
});

test.each<[string, Reply, RegExp]>([
  ["without the permission", { status: 403, json: { message: "Resource not accessible" } }, /not accessible/],
  ["of a server without GraphQL", { status: 404, json: { message: "Not Found" } }, /Not Found/],
  [
    "of an older Enterprise server",
    { json: { errors: [{ message: "Field 'x' doesn't exist", extensions: { code: "undefinedField" } }] } },
    /doesn't exist/,
  ],
  [
    "with a part that was refused",
    { json: { data: { repository: { issue: issue() } }, errors: [{ type: "FORBIDDEN", message: "no editor" }] } },
    /no editor/,
  ],
  ["for an issue that it does not see", data(null), /not in the answer/],
])("an answer %s is no reason to wait", async (_, reply, why) => {
  const { client } = await start(reply);
  expect(await client().issueHistory(ref)).toEqual({ kind: "unreadable", why: expect.stringMatching(why) as unknown });
});

test.each<[string, Reply, string]>([
  ["an outage", { status: 502, json: { message: "Bad Gateway" } }, "unavailable"],
  ["an error without a kind", { json: { data: null, errors: [{ message: "Something went wrong" }] } }, "unavailable"],
  ["an answer of another shape", { json: { data: { repository: { issue: { title: 1 } } } } }, "unavailable"],
  ["a cut answer", { ...(data(issue()) as object), cutAt: 40 }, "unavailable"],
  ["a bad token", { status: 401, json: { message: "Bad credentials" } }, "unauthorized"],
])("%s is reported as such", async (_, reply, kind) => {
  const { client } = await start(reply);
  await expect(client().issueHistory(ref)).rejects.toMatchObject({ name: "GitHubError", kind });
});

test("the rate limit of GraphQL, which comes with status 200, names its end", async () => {
  const reset = Math.floor(Date.now() / 1000) + 1800;
  const { client } = await start({
    headers: {
      "x-ratelimit-resource": "graphql",
      "x-ratelimit-remaining": "0",
      "x-ratelimit-limit": "5000",
      "x-ratelimit-reset": String(reset),
    },
    json: { errors: [{ type: "RATE_LIMITED", message: "API rate limit exceeded" }] },
  });
  const github = client();
  const failure: unknown = await github.issueHistory(ref).catch((error: unknown) => error);
  expect(failure).toMatchObject({ kind: "rate-limit" });
  expect(github.rateLimit, "that of REST is another").toBeNull();
  const { retryAt } = failure as { retryAt: number };
  expect(Math.abs(retryAt - reset * 1000)).toBeLessThan(5000);
});

test.each([
  ["/api/v3", "/api/graphql"],
  ["", "/graphql"],
])("GraphQL is asked beside a REST API at %j", async (rest, path) => {
  const { client, url, calls } = await start(data(issue()));
  await client({ apiUrl: `${url}${rest}` }).issueHistory(ref);
  expect(calls()).toEqual([`POST ${path}`]);
});
