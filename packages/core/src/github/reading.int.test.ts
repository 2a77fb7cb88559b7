import { afterEach, expect, test } from "vitest";

import {
  rawComment,
  rawIssue,
  rawPull,
  startServer,
  words,
  type Reply,
  type ReceivedRequest,
  type TestServer,
} from "./httpServer.fixture.ts";

// What callers have carries more than a name, and none of it may be sent along.
const repo = { owner: "o", repo: "r", id: 1, labelled: [{}] };
let server: TestServer;

async function start(handle: (request: ReceivedRequest) => Reply): Promise<TestServer> {
  server = await startServer(handle);
  return server;
}

afterEach(() => server.close());

/** Pages as GitHub serves them: a Link header with absolute addresses, an ETag per page. */
function paged(list: readonly unknown[], { query, path }: ReceivedRequest): Reply {
  const size = Number(query.get("per_page"));
  const page = Number(query.get("page") ?? "1");
  const next = new URLSearchParams([...query.entries(), ["page", String(page + 1)]]);
  if (query.has("page")) next.set("page", String(page + 1));
  const more = page * size < list.length;
  const link = `<https://elsewhere.example${path}?${next.toString()}>; rel="next", <https://elsewhere.example${path}?page=9>; rel="last"`;
  return { json: list.slice((page - 1) * size, page * size), etag: true, headers: more ? { link } : {} };
}

test("an unchanged list of 300 issues costs only 304s, and a label that is added on page 3 is seen", async () => {
  let list = Array.from({ length: 300 }, (_, index) => rawIssue(index + 1));
  list[10] = rawIssue(11, { pull_request: { url: "x" } });
  const { client, seen } = await start((request) => paged(list, request));
  const github = client();
  const first = await github.labelledIssues(repo, "rpi-auto");
  expect(first).toHaveLength(299);
  expect(first.some(({ number }) => number === 11)).toBe(false);
  expect(github.counters).toEqual({ requests: 3, notModified: 0 });
  expect(Object.fromEntries(seen[2]?.query ?? [])).toEqual({
    state: "open",
    labels: "rpi-auto",
    sort: "created",
    direction: "asc",
    per_page: "100",
    page: "3",
  });

  for (let poll = 1; poll <= 20; poll += 1) expect(await github.labelledIssues(repo, "rpi-auto")).toEqual(first);
  expect(github.counters).toEqual({ requests: 63, notModified: 60 });

  list = list.filter(({ number }) => number !== 250);
  const later = await github.labelledIssues(repo, "rpi-auto");
  expect(later).toEqual(first.filter(({ number }) => number !== 250));
  expect(github.counters).toEqual({ requests: 66, notModified: 62 });
});

test("a list without an end is an error, not a short list", async () => {
  const { client } = await start(({ path, query }) => {
    const page = Number(query.get("page") ?? "1");
    return { json: [rawComment(page, 7)], headers: { link: `<http://x${path}?page=${page + 1}>; rel="next"` } };
  });
  const github = client();
  await expect(github.comments(repo, 7)).rejects.toMatchObject({ name: "GitHubError", kind: "invalid" });
  expect(github.counters.requests).toBe(100);
});

test("an issue is read with its empty parts filled in", async () => {
  const { client } = await start(() => ({
    json: rawIssue(5, { user: null, labels: ["a", { name: "B" }], locked: true }),
  }));
  expect(await client().issue(repo, 5)).toEqual({
    kind: "found",
    issue: {
      number: 5,
      title: "Issue 5",
      body: "",
      state: "open",
      stateReason: null,
      labels: ["a", "B"],
      locked: true,
      commentCount: null,
      author: "ghost",
      createdAt: "2026-01-01T00:00:00Z",
      updatedAt: "2026-01-02T00:00:00Z",
      url: "http://web/o/r/issues/5",
      isPull: false,
    },
  });
});

test("a transferred issue and a renamed repository are reported, not believed", async () => {
  const { client } = await start(({ path }) => {
    if (path === "/repos/o/r/issues/5") return { status: 301, headers: { location: "/repositories/9/issues/2" } };
    if (path === "/repositories/9/issues/2")
      return { json: rawIssue(2, { repository_url: "http://api/repos/new/home" }) };
    if (path === "/repos/o/r") return { status: 301, headers: { location: "/repositories/9" } };
    if (path === "/repositories/9") return { json: { id: 9, full_name: "new/home", default_branch: "main" } };
    return { status: 301, headers: { location: "/repositories/9/anything" }, json: { message: "Moved Permanently" } };
  });
  const github = client();
  expect(await github.issue(repo, 5)).toEqual({ kind: "moved", to: "new/home#2" });
  expect(await github.repository(repo)).toEqual({ kind: "moved", to: "new/home" });
  await expect(github.comments(repo, 5)).rejects.toMatchObject({
    kind: "removed",
    status: 301,
    detail: /repositories\/9/,
  });
  await expect(github.createComment(repo, 5, words("x"))).rejects.toMatchObject({ kind: "removed", status: 301 });
});

test.each([404, 410])("status %i of an issue or a repository means missing", async (status) => {
  const { client } = await start(() => ({ status, json: { message: "Not here" } }));
  expect(await client().issue(repo, 5)).toEqual({ kind: "missing", status });
  expect(await client().repository(repo)).toEqual({ kind: "missing" });
});

test("a repository is found whatever the case of its name", async () => {
  const json = { id: 9, full_name: "O/R", default_branch: "trunk", archived: true, permissions: { push: true } };
  const { client } = await start(() => ({ json }));
  const found = {
    kind: "found",
    id: 9,
    owner: "O",
    repo: "R",
    defaultBranch: "trunk",
    canPush: true,
    archived: true,
    private: false,
  };
  expect(await client().repository(repo)).toEqual(found);
});

test("a repository that can be pushed to is remembered for a minute, and no other one", async () => {
  let more: Record<string, unknown> = {};
  const { client, seen } = await start(({ path }) => ({
    json:
      path === "/user"
        ? { login: "amy", id: 1 }
        : { id: 9, full_name: "o/r", default_branch: "main", permissions: { push: true }, ...more },
  }));
  let now = 0;
  const github = client({ now: () => now });
  expect(await github.recentRepository(repo)).toMatchObject({ kind: "found", archived: false });
  more = { archived: true };
  now = 59_999;
  expect(await github.recentRepository({ owner: "O", repo: "R" })).toMatchObject({ archived: false });
  expect(seen).toHaveLength(1);
  now += 1;
  expect(await github.recentRepository(repo)).toMatchObject({ archived: true });
  more = { full_name: "new/home" };
  expect(await github.recentRepository(repo)).toEqual({ kind: "moved", to: "new/home" });
  more = { permissions: { push: false } };
  expect(await github.recentRepository(repo)).toMatchObject({ canPush: false });
  more = {};
  expect(await github.recentRepository(repo)).toMatchObject({ canPush: true });
  more = { archived: true };
  expect(await github.repository(repo)).toMatchObject({ archived: true });
  more = { default_branch: "trunk" };
  await github.repository(repo);
  const before = seen.length;
  expect(await github.recentRepository(repo)).toMatchObject({ archived: false, defaultBranch: "trunk" });
  expect(seen).toHaveLength(before);
});

test.each([
  ["none", { json: [] }, false],
  ["some, of its owner too", { json: [{ id: 1 }] }, true],
  ["those that cannot be read", { status: 403, json: { message: "Upgrade" } }, true],
  ["an older server's answer", { status: 404, json: { message: "Not Found" } }, true],
] as const)("rulesets of a repository: %s", async (_what, reply, expected) => {
  const { client, seen } = await start(() => reply);
  expect(await client().mayHaveRules(repo)).toBe(expected);
  expect(seen[0]?.query.get("includes_parents")).toBe("true");
});

test("the newest labeled event is the one with the greatest id on all pages, whatever the label's case", async () => {
  const labeled = (id: number, name: string) => ({
    id,
    event: "labeled",
    actor: { login: "amy", type: "User" },
    created_at: "2026-01-01T00:00:00Z",
    label: { name },
  });
  const others = Array.from({ length: 100 }, (_, index) => ({ id: index, event: "renamed", actor: null }));
  const list = [
    labeled(500, "rpi-auto"),
    ...others,
    labeled(900, "RPI-Auto"),
    labeled(800, "rpi-auto"),
    labeled(950, "bug"),
  ];
  const { client } = await start((request) => paged(list, request));
  const event = { id: 900, actor: "amy", actorType: "User", at: "2026-01-01T00:00:00Z" };
  expect(await client().newestLabeledEvent(repo, 5, "rpi-auto")).toEqual(event);
  expect(await client().newestLabeledEvent(repo, 5, "none")).toBeNull();
});

test("a permission is remembered for ten minutes; an unknown account has none", async () => {
  let permission = "maintain";
  const { client, seen } = await start(({ path }) =>
    path.includes("/nobody/") ? { status: 404, json: { message: "nobody is not a user" } } : { json: { permission } },
  );
  let now = 0;
  const github = client({ now: () => now });
  expect(await github.permission(repo, "Amy")).toBe("write");
  permission = "triage";
  now = 10 * 60_000 - 1;
  expect(await github.permission({ owner: "O", repo: "R" }, "amy")).toBe("write");
  expect(seen).toHaveLength(1);
  now += 1;
  expect(await github.permission(repo, "amy")).toBe("read");
  expect(await github.permission(repo, "nobody")).toBe("none");
});

test("the pulls of a branch: of this repository and exactly this branch, newest first", async () => {
  const list = [
    rawPull(3, "auto/gh-1", { merged_at: "2026-01-01T00:00:00Z", state: "closed" }),
    rawPull(9, "auto/gh-1"),
    rawPull(10, "auto/gh-1-2"),
    rawPull(11, "auto/gh-1", { head: { ref: "auto/gh-1", sha: "b", repo: { full_name: "o/fork" } } }),
  ];
  const { client, seen } = await start((request) => paged(list, request));
  const pulls = await client().pullsOfBranch(repo, "auto/gh-1");
  expect(pulls.map(({ number, merged }) => [number, merged])).toEqual([
    [9, false],
    [3, true],
  ]);
  expect(seen[0]?.query.get("head")).toBe("o:auto/gh-1");
  expect(seen[0]?.query.get("state")).toBe("all");
});

test("the comments of a repository carry their issue's number; the rate limit is known", async () => {
  const headers = { "x-ratelimit-limit": "5000", "x-ratelimit-remaining": "4999", "x-ratelimit-reset": "1800000000" };
  const { client, seen } = await start(() => ({ json: [rawComment(1, 12, { body: null })], headers }));
  const github = client();
  expect(github.rateLimit).toBeNull();
  expect(await github.commentsSince(repo, "2026-01-01T00:00:00Z")).toMatchObject([
    { id: 1, issueNumber: 12, body: "" },
  ]);
  expect(seen[0]?.query.get("since")).toBe("2026-01-01T00:00:00Z");
  expect(github.rateLimit).toEqual({ limit: 5000, remaining: 4999, resetAt: 1_800_000_000_000 });
});
