import { generateKeyPairSync } from "node:crypto";
import { pino } from "pino";
import { afterEach, expect, test } from "vitest";
import { createRedactor } from "../log/redact.ts";
import { appTokens, type AppTokensOptions } from "./appTokens.ts";
import { GitHubError } from "./errors.ts";
import {
  rawComment,
  startServer,
  words,
  type Reply,
  type ReceivedRequest,
  type TestServer,
} from "./httpServer.fixture.ts";
import type { GitHubTokens } from "./tokens.ts";

const MINUTE = 60_000;
const REPO = { owner: "o", repo: "r" };
const GRANTED = { contents: "write", issues: "write", metadata: "read", pull_requests: "write" };
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const PEM = privateKey.export({ type: "pkcs1", format: "pem" });

let server: TestServer;
afterEach(() => server.close());

interface AppServer {
  /** Of each token, by GitHub's clock. */
  readonly lifeMs?: number;
  /** How far GitHub's clock is ahead. */
  readonly aheadMs?: number;
  readonly installation?: (repo: string) => object | null;
  /** What a token's making is answered instead, by its number. */
  readonly refuse?: (made: number) => Reply | null;
  readonly rest?: (seen: ReceivedRequest) => Reply;
}

interface Bench {
  readonly tokens: GitHubTokens;
  readonly made: () => readonly ReceivedRequest[];
  readonly logged: readonly string[];
  readonly advance: (ms: number) => void;
}

async function start(answers: AppServer = {}, options: Partial<AppTokensOptions> = {}): Promise<Bench> {
  let ahead = 0;
  let count = 0;
  const now = () => Date.now() + ahead;
  const theirs = () => now() + (answers.aheadMs ?? 0);
  const installation = answers.installation ?? (() => ({}));
  const made: ReceivedRequest[] = [];
  server = await startServer((seen: ReceivedRequest): Reply => {
    const headers = { date: new Date(theirs()).toUTCString() };
    const [, repo] = /^\/repos\/(.*)\/installation$/.exec(seen.path) ?? [];
    if (repo !== undefined) {
      const found = installation(repo);
      if (found !== null && "status" in found) return found as Reply;
      const whole = {
        id: 7,
        app_slug: "tac8",
        account: { login: "o" },
        html_url: "http://h/i/7",
        permissions: GRANTED,
      };
      return found === null
        ? { status: 404, json: { message: "Not Found" }, headers }
        : { json: { ...whole, ...found }, headers };
    }
    if (seen.path.endsWith("/access_tokens")) {
      made.push(seen);
      count += 1;
      const refused = answers.refuse?.(count) ?? null;
      if (refused !== null) return refused;
      const life = answers.lifeMs ?? 60 * MINUTE;
      const expires = new Date(theirs() + life).toISOString();
      return { status: 201, json: { token: `ghs_number${count}.aaaa.bbbb`, expires_at: expires }, headers };
    }
    return answers.rest?.(seen) ?? { json: [] };
  });
  const logged: string[] = [];
  const log = pino({ level: "trace" }, { write: (line: string) => void logged.push(line) });
  const credentials = { kind: "app", id: 5, installationId: null, privateKey: PEM, source: "f" } as const;
  const given = { apiUrl: server.url, credentials, repositories: [REPO], secrets: [PEM], log, retryBaseMs: 1, now };
  return { tokens: appTokens({ ...given, ...options }), made: () => made, logged, advance: (ms) => void (ahead += ms) };
}

async function failure(promise: Promise<unknown>): Promise<GitHubError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof GitHubError)) throw new Error(`no GitHubError: ${String(error)}`);
  return error;
}

test("a token is limited to the configured repositories and to what tac8 needs, and serves until ten minutes before its end", async () => {
  const { tokens, made, advance } = await start({
    installation: () => ({ permissions: { ...GRANTED, administration: "write", workflows: "read" } }),
  });
  expect(await tokens.get()).toBe("ghs_number1.aaaa.bbbb");
  expect(JSON.parse(made()[0]?.body ?? "")).toEqual({ repositories: ["r"], permissions: GRANTED });
  advance(49 * MINUTE);
  expect(await tokens.get()).toBe("ghs_number1.aaaa.bbbb");
  advance(1.1 * MINUTE);
  expect(await tokens.get()).toBe("ghs_number2.aaaa.bbbb");
  expect(made()).toHaveLength(2);
});

test("a token may change workflows where the installation grants that, as soon as it does", async () => {
  let granted: object = GRANTED;
  const { tokens, made } = await start({ installation: () => ({ permissions: granted }) });
  const first = await tokens.get();
  expect(await tokens.renewForAccess(first, "workflows")).toBeNull();
  granted = { ...GRANTED, administration: "write", workflows: "write" };
  const all = await Promise.all([1, 2, 3].map(() => tokens.renewForAccess(first, "workflows")));
  expect(all).toEqual(Array.from({ length: 3 }, () => "ghs_number3.aaaa.bbbb"));
  expect(await tokens.renewForAccess(first, "workflows")).toBe("ghs_number3.aaaa.bbbb");
  const permissions = { ...GRANTED, workflows: "write" };
  expect(made().map(({ body }) => JSON.parse(body) as unknown)).toEqual([
    { repositories: ["r"], permissions: GRANTED },
    { repositories: ["r"], permissions: GRANTED },
    { repositories: ["r"], permissions },
  ]);
});

test("a repository that the App is installed on later is reached within a minute, with one token a minute", async () => {
  const there = new Set(["o/r"]);
  const refused = { status: 404, json: { message: "Not Found" } };
  const { tokens, made, advance } = await start(
    {
      installation: (repo) => (there.has(repo) ? {} : null),
      rest: ({ headers }) => (headers.authorization === "token ghs_number3.aaaa.bbbb" ? { json: [] } : refused),
    },
    { repositories: [REPO, { owner: "o", repo: "late" }] },
  );
  const github = server.client({ tokens });
  const read = (repo: string) => failure(github.labelledIssues({ owner: "o", repo }, "x"));
  await read("late");
  expect(made()).toHaveLength(1);
  advance(MINUTE);
  await Promise.all([read("late"), read("late"), read("r")]);
  expect(made()).toHaveLength(2);
  there.add("o/late");
  await read("late");
  expect(made()).toHaveLength(2);
  advance(MINUTE);
  expect(await github.labelledIssues({ owner: "o", repo: "late" }, "x")).toEqual([]);
  expect(made()).toHaveLength(3);
});

test("callers at the same time share one token, and one renewal", async () => {
  const { tokens, made, advance } = await start();
  const all = () => Promise.all(Array.from({ length: 20 }, () => tokens.get()));
  expect(new Set(await all()).size).toBe(1);
  advance(55 * MINUTE);
  expect(new Set(await all())).toEqual(new Set(["ghs_number2.aaaa.bbbb"]));
  expect(made()).toHaveLength(2);
});

test("a caller that stops waiting ends nobody else's wait", async () => {
  const { tokens } = await start();
  const controller = new AbortController();
  const [mine, theirs] = [tokens.get({ signal: controller.signal }), tokens.get()];
  controller.abort(new Error("stop requested"));
  await expect(mine).rejects.toThrow("stop requested");
  expect(await theirs).toBe("ghs_number1.aaaa.bbbb");
});

test.each([
  ["ahead of ours", 3 * 60 * MINUTE],
  ["behind ours", -3 * 60 * MINUTE],
])("a token's lifetime is computed by GitHub's clock only, also when that is far %s", async (_how, aheadMs) => {
  const { tokens, made, advance } = await start({ aheadMs });
  await tokens.get();
  advance(48 * MINUTE);
  await tokens.get();
  expect(made()).toHaveLength(1);
  advance(3 * MINUTE);
  await tokens.get();
  expect(made()).toHaveLength(2);
});

test("a renewal that fails for a while leaves the token in use until its end", async () => {
  const down = { status: 502, json: { message: "Bad gateway" } };
  const { tokens, made, logged, advance } = await start({ refuse: (count) => (count > 1 && count < 8 ? down : null) });
  await tokens.get();
  advance(52 * MINUTE);
  expect(await tokens.get()).toBe("ghs_number1.aaaa.bbbb");
  expect(await tokens.get()).toBe("ghs_number1.aaaa.bbbb");
  expect(made()).toHaveLength(4); // Three tries, and none again within half a minute.
  expect(logged.join("\n")).toContain("the GitHub token could not be renewed");
  advance(9 * MINUTE);
  expect((await failure(tokens.get())).kind).toBe("unavailable");
  expect((await failure(tokens.get())).kind).toBe("unavailable");
  expect(made()).toHaveLength(7);
  advance(MINUTE / 2);
  expect(await tokens.get()).toBe("ghs_number8.aaaa.bbbb");
});

test("a token that GitHub refuses is replaced once for all refused calls", async () => {
  const { tokens, made } = await start();
  const first = await tokens.get();
  const others = await Promise.all([tokens.replace(first), tokens.replace(first), tokens.replace(first)]);
  expect(others).toEqual(Array.from({ length: 3 }, () => "ghs_number2.aaaa.bbbb"));
  expect(await tokens.replace(first)).toBe("ghs_number2.aaaa.bbbb");
  expect(made()).toHaveLength(2);
});

test("a refused token is replaced although another was replaced seconds ago, so that the error names the reason", async () => {
  let isInstalled = true;
  const { tokens, made, advance } = await start({ lifeMs: 3000, installation: () => (isInstalled ? {} : null) });
  const second = await tokens.replace(await tokens.get());
  advance(2000);
  const third = await tokens.get();
  expect([second, third]).toEqual(["ghs_number2.aaaa.bbbb", "ghs_number3.aaaa.bbbb"]);
  isInstalled = false;
  expect((await failure(tokens.replace(third))).message).toMatch(/is not installed on o\/r: install it there/);
  expect(made()).toHaveLength(3);
});

test("a token is not made before GitHub's time is over: no caller sends a request until then", async () => {
  const repositories = Array.from({ length: 20 }, (_, index) => ({ owner: "o", repo: `r${index}` }));
  const limited = { message: "You have exceeded a secondary rate limit" };
  const refuse = (count: number): Reply | null =>
    count === 1 ? { status: 403, json: limited, headers: { "retry-after": "60" } } : null;
  const { tokens, advance } = await start({ refuse }, { repositories });
  for (let tried = 0; tried < 5; tried += 1) expect((await failure(tokens.get())).kind).toBe("rate-limit");
  expect(server.calls()).toHaveLength(repositories.length + 1);
  advance(50_000);
  await failure(tokens.get());
  expect(server.calls()).toHaveLength(repositories.length + 1);
  advance(11_000);
  expect(await tokens.get()).toBe("ghs_number2.aaaa.bbbb");
});

test("GitHub is asked again a second after it has refused to make a token", async () => {
  const suspended = { status: 403, json: { message: "This installation has been suspended" } };
  const { tokens, made, advance } = await start({ refuse: (count) => (count === 1 ? suspended : null) });
  expect((await failure(tokens.get())).kind).toBe("forbidden");
  expect((await failure(tokens.get())).kind).toBe("forbidden");
  expect(made()).toHaveLength(1);
  advance(1001);
  expect(await tokens.get()).toBe("ghs_number2.aaaa.bbbb");
});

test("a refusal that stays makes one new token a minute", async () => {
  const { tokens, made, advance } = await start({
    rest: () => ({ status: 401, json: { message: "Bad credentials" } }),
  });
  const github = server.client({ tokens });
  for (let tried = 0; tried < 3; tried += 1) await failure(github.labelledIssues(REPO, "x"));
  expect(made()).toHaveLength(2);
  advance(MINUTE);
  await failure(github.labelledIssues(REPO, "x"));
  expect(made()).toHaveLength(3);
});

test("a call that is refused in the middle is made again with a new token, also a write", async () => {
  const old = "token ghs_number1.aaaa.bbbb";
  const { tokens } = await start({
    rest: ({ headers, method }) => {
      if (headers.authorization === old) return { status: 401, json: { message: "Bad credentials" } };
      return method === "POST" ? { status: 201, json: rawComment(1, 7) } : { json: [] };
    },
  });
  await server.client({ tokens }).createComment(REPO, 7, words("hello"));
  const write = "POST /repos/o/r/issues/7/comments";
  expect(server.calls().filter((call) => call.includes("/issues"))).toEqual([write, write]);
  await server.client({ tokens }).labelledIssues(REPO, "x");
  expect(server.calls().at(-1)).toBe("GET /repos/o/r/issues");
});

test("a persistent refusal is reported after the second token, and names the App", async () => {
  const { tokens, made } = await start({ rest: () => ({ status: 401, json: { message: "Bad credentials" } }) });
  const error = await failure(server.client({ tokens }).labelledIssues(REPO, "x"));
  expect(error.kind).toBe("unauthorized");
  expect(error.message).toMatch(/Check that the GitHub App 5 is installed on the repository, and .* valid\.$/);
  expect(made()).toHaveLength(2);
});

test.each<[string, AppServer, RegExp]>([
  [
    "is asked about a repository that was renamed",
    { installation: () => ({ status: 301, headers: { location: "/repositories/1/installation" } }) },
    /o\/r was renamed, moved or deleted: change its name in the configuration/,
  ],
  ["is not installed", { installation: () => null }, /the GitHub App 5 is not installed on o\/r: install it there/],
  [
    "is suspended",
    { installation: () => ({ suspended_at: "2026-01-01T00:00:00Z" }) },
    /for o is suspended: unsuspend it/,
  ],
  [
    "lacks permissions",
    { installation: () => ({ permissions: { contents: "write", issues: "read" } }) },
    /lacks Issues, Metadata, Pull requests: set Issues, Metadata, Pull requests to read and write in the App's settings/,
  ],
])("an App that %s is reported in one clear line", async (_how, answers, expected) => {
  const { tokens, made } = await start(answers);
  const error = await failure(tokens.get());
  expect([error.kind, error.message]).toEqual(["unauthorized", expect.stringMatching(expected)]);
  expect(error.message).not.toContain("\n");
  expect(made()).toEqual([]);
});

test("repositories of another installation are left out, and named once", async () => {
  const { tokens, made, logged, advance } = await start(
    { installation: (repo) => (repo === "p/q" ? { id: 8 } : repo === "o/none" ? null : {}) },
    { repositories: [REPO, { owner: "o", repo: "second" }, { owner: "p", repo: "q" }, { owner: "o", repo: "none" }] },
  );
  await tokens.get();
  expect(JSON.parse(made()[0]?.body ?? "")).toMatchObject({ repositories: ["r", "second"] });
  advance(55 * MINUTE);
  await tokens.get();
  const warned = logged.filter((line) => line.includes('"level":40'));
  expect(warned).toHaveLength(2);
  expect(warned[0]).toContain("another installation (8) for p/q, but tac8 supports one installation (7)");
  expect(warned[1]).toContain("not installed on o/none");
});

test("the App's account is known before the first comment, and it alone is the App's own", async () => {
  const { tokens } = await start();
  const github = server.client({ tokens });
  expect(await github.findLogin()).toBe("tac8[bot]");
  expect([github.login, await github.isApp()]).toEqual(["tac8[bot]", true]);
  const own = ["tac8[bot]", "TAC8[bot]", "tac8", "dependabot[bot]"];
  expect(await Promise.all(own.map((name) => github.isOwnApp(name)))).toEqual([true, true, false, false]);
  expect(server.calls()).not.toContain("GET /user");
});

test("every redactor knows a new token, and no log line has one or a part of the key", async () => {
  const redact = createRedactor([]);
  const { tokens, logged } = await start({
    refuse: (count) => (count === 1 ? { status: 502, json: { message: PEM } } : null),
  });
  const token = await tokens.get();
  expect(redact(`a ${token} b`)).toBe("a [redacted] b");
  expect(redact(Buffer.from(`x-access-token:${token}`).toString("base64"))).toContain("[redacted]");
  const all = logged.join("\n");
  expect(all).not.toContain(token);
  for (const line of PEM.split("\n").filter((text) => text.length > 40)) expect(all).not.toContain(line);
});
