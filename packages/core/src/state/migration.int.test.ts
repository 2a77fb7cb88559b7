import { readFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { RECORD_FORMAT } from "../domain/format.ts";
import { ISSUE_STATES } from "../domain/states.ts";
import { retryPatch } from "../queue/retry.ts";
import { applyPatch, encodePatch, parseIssueState, type IssuePatch, type RecordPath } from "./issueState.ts";
import { createIssueStore, LostRun, type IssueStore } from "./issueStore.ts";
import { issueKey } from "./keys.ts";
import { startTestRedis, type TestRedis } from "./redisServer.fixture.ts";

type Hash = Record<string, string>;

/** As a version with format 1 wrote it: its end-to-end tests, with a line for each write of its own `issueStore.ts`. */
interface Former {
  /** Name of each fact then, and its path now. */
  readonly names: Record<string, RecordPath>;
  /** Hashes, by state. */
  readonly records: readonly { readonly state: string; readonly hash: Hash }[];
  /** What its scheduler, CLI and board wrote without asking for the format. */
  readonly writes: readonly { readonly set: Hash; readonly del: readonly string[] }[];
}
const fixture = new URL("formerRecords.fixture.json", import.meta.url);
const { names, records, writes } = JSON.parse(readFileSync(fixture, "utf8")) as Former;

const ID = "octo.widgets.1";
const KEY = issueKey(ID);
const LOCK_KEY = `bull:issues:${ID}:lock`;
const JSON_NAMES = new Set([
  ..."runsOn runs unsaved added rebase feedback answer withheld end denied blockedHosts usage models refusedLabel".split(
    " ",
  ),
  "shelf",
]);
const NUMBERS = new Set(
  "format labelEvent admitted labelLeft agentRuns prNumber statusComment questionId allowed endedAttempt lost unchanged brokenOff parked noChanges".split(
    " ",
  ),
);
/** Written under both names for one release. */
const MIRRORED = ["agentRun", "runs", "branch", "headSha", "publishedSha", "prNumber", "prUrl"];

let server: TestRedis;
let store: IssueStore;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.close());
beforeEach(async () => {
  await server.redis.flushall();
  await server.redis.set(LOCK_KEY, "token");
  store = createIssueStore(server.redis);
});

const claim = (token = "token") => store.claim(ID, { run: "run-2", runner: "pi/0", lockKey: LOCK_KEY, token });

/** What a hash of format 1 says, by what its version knew of its fields. */
function patchOf(hash: Hash): IssuePatch {
  const values = Object.entries(hash).map(([name, text]) => {
    if (text === "") return [names[name], null];
    const value: unknown = JSON_NAMES.has(name) ? JSON.parse(text) : NUMBERS.has(name) ? Number(text) : text;
    return [names[name] ?? `unknown ${name}`, value];
  });
  return Object.fromEntries(values) as IssuePatch;
}
const expected = (hash: Hash) => applyPatch(parseIssueState({}), patchOf(hash));

/** The name of the hash field now, where it has another. */
const renamed = (name: string) => (FLAT.has(name) ? null : (names[name] ?? null));
const FLAT = new Set(
  Object.keys(names).filter((name) => Object.keys(encodePatch({ [names[name] ?? ""]: "x" }).set)[0] === name),
);

test("there is a record of each state, and every field of format 1 is in one of them", () => {
  expect(new Set(records.map(({ state }) => state))).toEqual(new Set(ISSUE_STATES));
  const fields = new Set(records.flatMap(({ hash }) => Object.keys(hash)));
  expect(Object.keys(names).filter((name) => !fields.has(name))).toEqual([]);
});

test.each(records)("an issue in the state $state is read as it was, and nothing is written", async ({ hash }) => {
  await server.redis.hset(KEY, hash);
  expect(await store.read(ID)).toEqual(expected(hash));
  expect(await store.readMany([ID])).toEqual([expected(hash)]);
  const paths = Object.values(names);
  expect(await store.readFacts([ID], paths)).toEqual([expected(hash)]);
  expect(await server.redis.hgetall(KEY)).toEqual(hash);
});

test.each(records)("an issue in the state $state is migrated by the claim of a run", async ({ hash }) => {
  await server.redis.hset(KEY, hash);
  await server.redis.expire(KEY, 1000);
  const migrated = applyPatch(expected(hash), { format: RECORD_FORMAT });
  expect(await claim()).toEqual(migrated);
  const kept = Object.entries(hash).filter(([name]) => renamed(name) === null || MIRRORED.includes(name));
  const moved = Object.entries(hash).flatMap(([name, text]) => (renamed(name) === null ? [] : [[renamed(name), text]]));
  const now = { format: String(RECORD_FORMAT), run: "run-2", runner: "pi/0" };
  expect(await server.redis.hgetall(KEY)).toEqual({ ...Object.fromEntries([...kept, ...moved]), ...now });
  expect(await server.redis.ttl(KEY)).toBeGreaterThan(900);
  expect(await claim()).toEqual(applyPatch(migrated, { "run.id": "run-2", "run.runner": "pi/0" }));
});

test("a claim that comes too late migrates nothing", async () => {
  for (const { hash } of records) {
    await server.redis.del(KEY);
    await server.redis.hset(KEY, hash);
    await expect(claim("another token")).rejects.toThrow(LostRun);
    expect(await server.redis.hgetall(KEY)).toEqual(hash);
  }
});

test("the run before, of the older version, has lost after the claim", async () => {
  for (const { hash } of records) {
    await server.redis.del(KEY);
    await server.redis.hset(KEY, { ...hash, run: "run-1" });
    await claim();
    await expect(store.write(ID, "run-1", { state: "pr" })).rejects.toThrow(LostRun);
  }
});

test("what a scheduler, CLI or board of the older version writes to a migrated record counts", async () => {
  expect(writes.length).toBeGreaterThan(5);
  for (const { hash } of records) {
    for (const { set, del } of writes) {
      await server.redis.del(KEY);
      await server.redis.hset(KEY, hash);
      await claim();
      const before = await store.read(ID);
      if (Object.keys(set).length > 0) await server.redis.hset(KEY, set);
      if (del.length > 0) await server.redis.hdel(KEY, ...del);
      const removed = Object.fromEntries(del.map((name) => [names[name] ?? name, null]));
      expect(await store.read(ID)).toEqual(applyPatch(before, { ...patchOf(set), ...removed }));
    }
  }
});

test("what only shows a record of this version finds the run, the branch and the pull request under their former names", async () => {
  await claim();
  const commit = "a".repeat(40);
  const runs = [{ n: 1, run: "run-2", runner: "pi/0", at: "2026-11-29T00:00:00.000Z", session: "s" }];
  await store.write(ID, "run-2", {
    "agent.run": "run-2",
    "agent.runs": runs,
    "branch.name": "auto/gh-1",
    "branch.base": commit,
    "branch.head": commit,
    "branch.published": commit,
    "pull.number": 7,
    "pull.url": "https://github.test/7",
  });
  const shown = {
    agentRun: "run-2",
    runs: JSON.stringify(runs),
    branch: "auto/gh-1",
    headSha: commit,
    publishedSha: commit,
    prNumber: "7",
    prUrl: "https://github.test/7",
  };
  const hash = await server.redis.hgetall(KEY);
  expect(hash).toMatchObject(shown);
  expect(hash).not.toHaveProperty("baseSha");
  await store.write(ID, "run-2", { "pull.number": null, "branch.head": null });
  expect(await store.read(ID)).toMatchObject({ pull: { number: null }, branch: { head: null, published: commit } });
});

test("what a retry and a new label write, also to a record of format 1, has names that every version knows", () => {
  for (const { hash } of records) {
    const { set, del } = encodePatch(retryPatch(expected(hash), 0));
    expect([...Object.keys(set), ...del].filter((name) => names[name] === undefined)).toEqual([]);
  }
});
