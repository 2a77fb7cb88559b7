import { inspect } from "node:util";

import { afterEach, describe, expect, test } from "vitest";

import { GitHubError } from "./errors.ts";
import {
  rawComment,
  rawIssue,
  startServer,
  words,
  type Reply,
  type ReceivedRequest,
  type TestServer,
} from "./httpServer.fixture.ts";
import { oneToken } from "./tokens.ts";

const repo = { owner: "o", repo: "r" };
let server: TestServer | undefined;

async function start(handle: (request: ReceivedRequest) => Reply): Promise<TestServer> {
  const started = await startServer(handle);
  server = started;
  return started;
}

afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function failure(pending: Promise<unknown>): Promise<GitHubError> {
  const error = await pending.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(error instanceof GitHubError)) throw new Error(`expected a GitHubError, got ${inspect(error)}`);
  return error;
}

describe("a read is tried four times, a POST once", () => {
  const bad: [string, Reply][] = [
    ["502", { status: 502, json: { message: "Bad gateway" } }],
    ["a dropped connection", "drop"],
    ["cut JSON", { json: [rawComment(1, 5)], cutAt: 40 }],
    ["an empty body", { json: [rawComment(1, 5)], cutAt: 0 }],
  ];

  test.concurrent.for(bad)("%s three times, then good", async ([, reply], { expect, onTestFinished }) => {
    let bads = 3;
    const { client, seen, close } = await startServer(() => (bads-- > 0 ? reply : { json: [rawComment(1, 5)] }));
    onTestFinished(close);
    expect(await client().comments(repo, 5)).toHaveLength(1);
    expect(seen).toHaveLength(4);
  });

  test.concurrent.for(bad)("%s for ever", async ([, reply], { expect, onTestFinished }) => {
    const { client, seen, close } = await startServer(() => reply);
    onTestFinished(close);
    expect(await failure(client().comments(repo, 5))).toMatchObject({ kind: "unavailable", retryAt: null });
    expect(seen).toHaveLength(4);
  });

  test.for(bad)("%s at a POST", async ([, reply]) => {
    const { client, seen } = await start(() => reply);
    const error = await failure(client().createComment(repo, 5, words("x")));
    expect(error).toMatchObject({ kind: "unavailable", call: "POST /repos/o/r/issues/5/comments" });
    expect(seen).toHaveLength(1);
  });

  test("PATCH and DELETE are repeated: doing them twice does no harm", async () => {
    let bads = 2;
    const { client, calls } = await start(({ method }) => {
      if (bads-- > 0) return "drop";
      return method === "DELETE"
        ? { status: 404, json: { message: "Label does not exist" } }
        : { json: rawComment(1, 5) };
    });
    await client().updateComment(repo, 1, words("x"));
    bads = 1;
    await client().removeLabel(repo, 5, "x");
    expect(calls().map((call) => call.split(" ")[0])).toEqual(["PATCH", "PATCH", "PATCH", "DELETE", "DELETE"]);
  });
});

describe("rate limits", () => {
  const now = 1_800_000_000_000;

  test.each<[string, number, Record<string, string>, number]>([
    ["primary", 403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(now / 1000 + 600) }, now + 600_000],
    ["secondary", 403, { "retry-after": "120" }, now + 120_000],
    ["429", 429, { "retry-after": "30" }, now + 30_000],
  ])("%s: thrown with the time to ask again, not retried", async (_, status, headers, retryAt) => {
    const json = { message: "You have exceeded a secondary rate limit" };
    const { client, seen } = await start(() => ({ status, headers, json }));
    const error = await failure(client({ now: () => now }).comments(repo, 5));
    expect(error).toMatchObject({ kind: "rate-limit", status, retryAt });
    expect(seen).toHaveLength(1);
  });

  test("a short one is waited out in place, once", async () => {
    let limited = true;
    const { client, seen } = await start(() => {
      if (!limited) return { status: 201, json: rawComment(1, 5) };
      limited = false;
      return {
        status: 403,
        headers: { "retry-after": "1" },
        json: { message: "You have exceeded a secondary rate limit" },
      };
    });
    expect(await client().createComment(repo, 5, words("x"))).toMatchObject({ id: 1 });
    expect(seen).toHaveLength(2);
  });
});

test.each<[number, string]>([
  [401, "unauthorized"],
  [403, "forbidden"],
  [404, "not-found"],
  [410, "removed"],
  [422, "invalid"],
])("status %i is %s, at once", async (status, kind) => {
  const { client, seen } = await start(() => ({ status, json: { message: "Because" } }));
  const error = await failure(client().comments(repo, 5));
  expect(error).toMatchObject({ kind, status, detail: "Because", call: "GET /repos/o/r/issues/5/comments" });
  expect(error.message).toMatch(/^GitHub: GET \/repos\/o\/r\/issues\/5\/comments failed, \S+ \d+: Because\. /);
  expect(seen).toHaveLength(1);
});

test("a refused token is named by where it comes from", async () => {
  const { client } = await start(() => ({ status: 401, json: { message: "Bad credentials" } }));
  const stored = client({ tokens: oneToken({ token: "t", source: "/data/github-token" }) });
  const { message } = await failure(stored.comments(repo, 5));
  expect(message).toMatch(/Replace the GitHub token in \/data\/github-token with a valid token\.$/);
  expect((await failure(client().comments(repo, 5))).message).toMatch(/Replace GITHUB_TOKEN with a valid token\.$/);
});

test("an answer of another shape names the call and the field", async () => {
  const { client } = await start(() => ({ json: [rawIssue(1), rawIssue(2, { title: 7 })] }));
  const error = await failure(client().labelledIssues(repo, "rpi-auto"));
  expect(error).toMatchObject({ kind: "unavailable", call: "GET /repos/o/r/issues" });
  expect(error.detail).toContain("1.title");
});

test("no answer in time is unavailable", async () => {
  const { client, seen } = await start(() => "silence");
  const error = await failure(client({ requestTimeoutMs: 2000 }).createComment(repo, 5, words("x")));
  expect(error).toMatchObject({ kind: "unavailable", status: null, detail: "no response in time" });
  expect(seen).toHaveLength(1);
});

test("an aborted call rejects with the signal's reason, also between two tries", async () => {
  const reason = new Error("shutting down");
  const controller = new AbortController();
  const { client } = await start(() => {
    setImmediate(() => controller.abort(reason));
    return "drop";
  });
  await expect(client().comments(repo, 5, { signal: controller.signal })).rejects.toBe(reason);
  await expect(client().comments(repo, 5, { signal: controller.signal })).rejects.toBe(reason);
});

test.each([
  ["in an answer", "canary-4d1f9a77", 403],
  ["cut off by the network", "canary-4d1f9a77", 0],
  ["with a line end that is not sent", "canary-4d1f9a77\n", 403],
  ["unfit for a header", "canary-\n-4d1f9a77", 403],
])("the token is in no error and no log line: %s", async (_, token, status) => {
  const { client, logged } = await start(({ headers }) =>
    status === 0 ? "drop" : { status, json: { message: `bad ${headers.authorization}`, errors: [{ message: token }] } },
  );
  const error = await failure(
    client({ tokens: oneToken({ token }), secrets: [token] }).createComment(repo, 5, words("x")),
  );
  const everything = [inspect(error, { depth: 20, showHidden: true }), JSON.stringify(error), ...logged].join("\n");
  expect(everything).not.toContain("canary");
  expect(logged.length).toBeGreaterThan(0);
});

test("the server receives the token, and could have disclosed it", async () => {
  const { client, seen } = await start(() => ({ json: [] }));
  await client({ tokens: oneToken({ token: "canary-4d1f9a77" }) }).comments(repo, 5);
  expect(seen[0]?.headers.authorization).toBe("token canary-4d1f9a77");
});
