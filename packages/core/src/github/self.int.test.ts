import { afterEach, expect, test } from "vitest";
import { fieldTest } from "../testing/fieldTest.fixture.ts";
import { rawComment, startServer, type Reply, type ReceivedRequest, type TestServer } from "./httpServer.fixture.ts";

const repo = { owner: "o", repo: "r" };
const APP = "tac8[bot]";
const NOT_FOR_APPS: Reply = { status: 403, json: { message: "Resource not accessible by integration" } };

let server: TestServer;
afterEach(() => server.close());

interface AppServer {
  readonly graphql?: Reply;
  /** What a write to the contents is answered. */
  readonly probe?: number;
}

/** As a GitHub answers an app's installation token. */
async function appServer({ graphql = { status: 404, json: {} }, probe = 422 }: AppServer = {}): Promise<TestServer> {
  server = await startServer(({ method, path }: ReceivedRequest): Reply => {
    if (path === "/user") return NOT_FOR_APPS;
    if (path === "/graphql") return graphql;
    if (path === "/repos/o/r/git/refs") return { status: probe, json: { message: "no" } };
    if (method === "POST" && path.endsWith("/comments")) {
      return { status: 201, json: { ...rawComment(1, 7), user: { login: APP, type: "Bot" } } };
    }
    return { json: { id: 9, full_name: "o/r", default_branch: "main", permissions: { push: false } } };
  });
  return server;
}

fieldTest("C5", "GraphQL returns the name of an app's token", async () => {
  const { client, calls } = await appServer({ graphql: { json: { data: { viewer: { login: APP } } } } });
  const known: string[] = [];
  const github = client({ onLogin: (login) => void known.push(login) });
  expect(await github.findLogin()).toBe(APP);
  expect([github.login, known]).toEqual([APP, [APP]]);
  expect(calls()).toEqual(["GET /user", "POST /graphql"]);
});

test.each<[string, Reply]>([
  ["missing", { status: 404, json: { message: "Not Found" } }],
  ["refused", NOT_FOR_APPS],
  ["of an error", { json: { data: null, errors: [{ message: "no" }] } }],
  ["cut off", { json: { data: { viewer: { login: APP } } }, cutAt: 10 }],
])("where GraphQL's answer is %s, the first comment has the name", async (_how, graphql) => {
  const { client } = await appServer({ graphql });
  const known: string[] = [];
  const github = client({ onLogin: (login) => void known.push(login) });
  expect([await github.findLogin(), github.login]).toEqual([null, null]);
  await github.createComment(repo, 7, { marker: null, text: "hello" });
  await github.createComment(repo, 7, { marker: null, text: "again" });
  expect([github.login, known]).toEqual([APP, [APP]]);
});

test.each([
  [422, true],
  [403, false],
])("an app is shown no permissions: whether it may push is tried once (%i: %s)", async (probe, canPush) => {
  const { client, calls } = await appServer({ probe });
  const github = client();
  for (let times = 1; times <= 3; times += 1) expect(await github.repository(repo)).toMatchObject({ canPush });
  expect(calls().filter((call) => call.startsWith("POST"))).toHaveLength(1);
});

test("a user's token that may only read is not tried", async () => {
  server = await startServer(({ path }) =>
    path === "/user"
      ? { json: { login: "octo", id: 1 } }
      : { json: { id: 9, full_name: "o/r", default_branch: "main", permissions: { push: false } } },
  );
  expect(await server.client().repository(repo)).toMatchObject({ canPush: false });
  expect(server.calls().filter((call) => call.startsWith("POST"))).toEqual([]);
});

test("a refusal names the permission that the token lacks", async () => {
  const headers = { "x-accepted-github-permissions": "issues=write; pull_requests=write" };
  server = await startServer(() => ({ status: 403, headers, json: { message: "Resource not accessible" } }));
  await expect(server.client().createComment(repo, 7, { marker: null, text: "x" })).rejects.toThrow(
    "Resource not accessible (the token lacks the permission issues: write or pull requests: write)",
  );
});

test("a header that says something else is not quoted", async () => {
  const headers = { "x-accepted-github-permissions": "<script>" };
  server = await startServer(() => ({ status: 403, headers, json: { message: "Resource not accessible" } }));
  await expect(server.client().createComment(repo, 7, { marker: null, text: "x" })).rejects.toThrow(
    /Resource not accessible\. /,
  );
});
