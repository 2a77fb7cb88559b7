import { afterEach, expect, test } from "vitest";

import {
  rawComment,
  rawPull,
  startServer,
  words,
  type Reply,
  type ReceivedRequest,
  type TestServer,
} from "./httpServer.fixture.ts";

const repo = { owner: "o", repo: "r" };
let server: TestServer;

async function start(handle: (request: ReceivedRequest) => Reply): Promise<TestServer> {
  server = await startServer(handle);
  return server;
}

afterEach(() => server.close());

test("labels: one added, one taken off, one made once; what is so already is no error", async () => {
  const { client, seen, calls } = await start(({ method, path }) => {
    if (method === "DELETE") return { status: 404, json: { message: "Label does not exist" } };
    if (path !== "/repos/o/r/labels") return { json: [{ name: "x" }] };
    const errors = [{ resource: "Label", code: "already_exists", field: "name" }];
    return { status: 422, json: { message: "Validation Failed", errors } };
  });
  const github = client();
  await github.addLabel(repo, 5, "rpi-working");
  await github.removeLabel(repo, 5, "odd label/é");
  await github.ensureLabel(repo, { name: "rpi-done", color: "00ff00", description: "d" });
  await github.ensureLabel({ owner: "O", repo: "r" }, { name: "RPI-done", color: "00ff00", description: "d" });
  expect(calls()).toEqual([
    "POST /repos/o/r/issues/5/labels",
    "DELETE /repos/o/r/issues/5/labels/odd label/é",
    "POST /repos/o/r/labels",
  ]);
  expect(seen.map(({ body }) => body)).toEqual([
    '{"labels":["rpi-working"]}',
    "",
    '{"name":"rpi-done","color":"00ff00","description":"d"}',
  ]);
});

test.each([
  ["the labels that are left", { json: [{ name: "bug" }, { name: null }, "x"] }, ["bug", "x"]],
  ["no list", { json: { name: "bug" } }, null],
  ["that it was off", { status: 404, json: { message: "Label does not exist" } }, null],
])("GitHub answers the removal of a label with %s", async (_what, reply, left) => {
  const { client } = await start(() => reply);
  expect(await client().removeLabel(repo, 5, "rpi-working")).toEqual(left);
});

test("any other refusal of a label is an error", async () => {
  const { client } = await start(() => ({
    status: 422,
    json: { message: "Validation Failed", errors: [{ code: "invalid" }] },
  }));
  const made = client().ensureLabel(repo, { name: "x", color: "nope", description: "" });
  await expect(made).rejects.toMatchObject({ kind: "invalid", status: 422, detail: "Validation Failed: invalid" });
});

test("comments are made, edited and read; a deleted one is null", async () => {
  const { client, seen } = await start(({ method, path, body }) => {
    if (path.endsWith("/404")) return { status: 404, json: { message: "Not Found" } };
    return {
      status: method === "POST" ? 201 : 200,
      json: rawComment(3, 5, JSON.parse(body || "{}") as object as Record<string, unknown>),
    };
  });
  const github = client();
  const text = 'braces {x} $(touch y) `z` "q" 👍';
  expect(await github.createComment(repo, 5, words(text))).toMatchObject({ id: 3, body: text, issueNumber: 5 });
  expect(await github.updateComment(repo, 3, words("new"))).toMatchObject({ body: "new" });
  expect(await github.updateComment(repo, 404, words("new"))).toBeNull();
  expect(await github.comment(repo, 3)).toMatchObject({ id: 3, issueNumber: 5 });
  expect(await github.comment(repo, 404)).toBeNull();
  expect(seen[0]?.headers["authorization"]).toBe("token token-canary");
});

test("a pull request is opened and changed; a second one of the branch is refused with GitHub's words", async () => {
  let open = false;
  const { client, calls } = await start(({ method }) => {
    if (method === "PATCH") return { json: rawPull(8, "auto/gh-5", { body: "changed" }) };
    if (!open) {
      open = true;
      return { status: 201, json: rawPull(8, "auto/gh-5") };
    }
    const errors = [
      { resource: "PullRequest", code: "custom", message: "A pull request already exists for o:auto/gh-5." },
    ];
    return { status: 422, json: { message: "Validation Failed", errors } };
  });
  const github = client();
  const wanted = { title: "t", closes: 5, text: "b", head: "auto/gh-5", base: "main", draft: false };
  expect(await github.openPull(repo, wanted)).toEqual({
    number: 8,
    url: "http://web/o/r/pull/8",
    state: "open",
    merged: false,
    headRef: "auto/gh-5",
    headSha: "a".repeat(40),
    baseRef: "main",
    body: "",
    draft: false,
  });
  await expect(github.openPull(repo, wanted)).rejects.toMatchObject({
    kind: "invalid",
    status: 422,
    call: "POST /repos/o/r/pulls",
    detail: "Validation Failed: A pull request already exists for o:auto/gh-5.",
  });
  expect(await github.updatePull(repo, 8, { before: "Fixes #5", text: "changed" })).toMatchObject({ body: "changed" });
  expect(calls()).toHaveLength(3);
});

test("writes keep their distance, reads do not", async () => {
  const { client, calls } = await start(({ method }) => ({ json: method === "POST" ? rawComment(1, 5) : [] }));
  const github = client({ writeIntervalMs: 10_000 });
  const controller = new AbortController();
  const first = github.createComment(repo, 5, words("x"));
  const second = github.createComment(repo, 5, words("y"), { signal: controller.signal });
  await first;
  await github.comments(repo, 5);
  expect(calls().map((call) => call.split(" ")[0])).toEqual(["POST", "GET"]);
  controller.abort(new Error("enough"));
  await expect(second).rejects.toThrow("enough");
});

test("no distance where none is asked for", { timeout: 30_000 }, async () => {
  const { client, seen } = await start(() => ({ json: rawComment(1, 5) }));
  const github = client();
  await Promise.all(Array.from({ length: 60 }, () => github.createComment(repo, 5, words("x"))));
  expect(seen).toHaveLength(60); // one second apart they would outlast the time limit of this test
});
