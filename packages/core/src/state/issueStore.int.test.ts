import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RECORD_FORMAT } from "../domain/format.ts";
import { fieldTest } from "../testing/fieldTest.fixture.ts";
import type { NewEvent } from "../domain/events.ts";
import { readEvents } from "./events.ts";
import { ISSUE_STATES, TRANSITIONS } from "../domain/states.ts";
import { applyPatch, parseIssueState } from "./issueState.ts";
import { createIssueStore, LostRun, type IssueStore } from "./issueStore.ts";
import { COMMANDS_CHANNEL, EVENTS_KEY, issueKey } from "./keys.ts";
import { startTestRedis, type TestRedis } from "./redisServer.fixture.ts";

const ID = "octo.hello.1";
const LOCK_KEY = `bull:issues:${ID}:lock`;
const EVENT: NewEvent = { event: "note:written", issue: ID, from: "queued", by: "runner", reason: "", evidence: {} };

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

const claim = (run: string, runner: string, token = "token") =>
  store.claim(ID, { run, runner, lockKey: LOCK_KEY, token });

const events = () => readEvents(server.redis, { count: 1000 });

it("the record of an ended issue is removed after 90 days, unless the issue is queued again; writes after its end do not extend that", async () => {
  const left = () => server.redis.ttl(issueKey(ID));
  await claim("run-1", "pi/0");
  await store.write(ID, "run-1", { state: "running" });
  expect(await left()).toBe(-1);
  await store.write(ID, "run-1", { state: "pr", "run.id": null }, EVENT);
  expect(await left()).toBeGreaterThan(89 * 24 * 3600);
  await server.redis.expire(issueKey(ID), 1000);
  await store.writeIf(ID, {}, { "label.notRemoved": 3 });
  await claim("run-2", "pi/0");
  expect(await left()).toBeGreaterThan(0);
  expect(await left()).toBeLessThanOrEqual(1000);
  await store.writeIf(ID, {}, { state: "queued" });
  expect(await left()).toBe(-1);
});

describe("a run", () => {
  it("claims the issue, sees what was there before, and writes while it is its run", async () => {
    await store.writeIf(ID, {}, { state: "queued", "label.event": 7 });
    const before = await claim("run-1", "pi/0");
    expect(before).toMatchObject({ state: "queued", label: { event: 7 }, run: { id: null, runner: null } });
    await store.write(ID, "run-1", { state: "running", "branch.name": "auto/gh-1" }, EVENT);
    expect(await store.read(ID)).toMatchObject({
      state: "running",
      run: { id: "run-1", runner: "pi/0" },
      branch: { name: "auto/gh-1" },
    });
    expect(await events()).toMatchObject([EVENT]);
  });

  it("does not push out its successor when the job's lock is no longer its own", async () => {
    await claim("run-2", "pi/1");
    await expect(claim("run-1", "pi/0", "old token")).rejects.toThrow(LostRun);
    await server.redis.del(LOCK_KEY);
    await expect(claim("run-1", "pi/0")).rejects.toThrow(LostRun);
    expect(await store.read(ID)).toMatchObject({ run: { id: "run-2", runner: "pi/1" } });
  });

  it("that has lost its job writes nothing: neither fields nor event", async () => {
    await claim("run-1", "pi/0");
    await store.write(ID, "run-1", { state: "running" }, EVENT);
    expect((await claim("run-2", "pi/1")).run.id).toBe("run-1");
    const late = store.write(ID, "run-1", { state: "pr", "branch.name": null, "pull.number": 9 }, EVENT);
    await expect(late).rejects.toThrow(LostRun);
    expect(await store.read(ID)).toMatchObject({
      state: "running",
      run: { id: "run-2", runner: "pi/1" },
      pull: { number: null },
    });
    expect(await events()).toHaveLength(1);
  });

  it("has lost when the hash is missing", async () => {
    await claim("run-1", "pi/0");
    await server.redis.flushall();
    await expect(store.write(ID, "run-1", { state: "running" })).rejects.toThrow(LostRun);
    expect(await server.redis.exists(issueKey(ID))).toBe(0);
  });

  it("ends by removing its id, and is then lost itself", async () => {
    await claim("run-1", "pi/0");
    await store.write(ID, "run-1", { "run.id": null, "run.runner": null });
    expect(await store.read(ID)).toMatchObject({ run: { id: null, runner: null } });
    await expect(store.write(ID, "run-1", { state: "pr" })).rejects.toThrow(/run run-1 of octo.hello.1 has lost/);
  });

  it("is one of many that claim at once: exactly one can write", async () => {
    const all = Array.from({ length: 20 }, (_, index) => ({
      run: `run-${index}`,
      store: createIssueStore(server.connect()),
    }));
    await Promise.all(
      all.map((one) => one.store.claim(ID, { run: one.run, runner: "pi", lockKey: LOCK_KEY, token: "token" })),
    );
    const done = await Promise.allSettled(
      all.map((one) => one.store.write(ID, one.run, { "branch.name": one.run }, EVENT)),
    );
    const runs = all.map(({ run }) => run);
    const winners = runs.filter((_, index) => done[index]?.status === "fulfilled");
    expect(winners).toHaveLength(1);
    expect(await store.read(ID)).toMatchObject({ run: { id: winners[0] }, branch: { name: winners[0] } });
    expect(await events()).toHaveLength(1);
  });
});

describe("writeIf", () => {
  it("compares every field, a missing one as empty", async () => {
    expect(await store.writeIf(ID, { "run.id": "", state: "" }, { state: "queued" }, EVENT)).toBe(true);
    expect(await store.writeIf(ID, { "run.id": "", state: "" }, { state: "withdrawn" }, EVENT)).toBe(false);
    expect(await store.writeIf(ID, { "run.id": "", state: "queued" }, { state: "withdrawn" }, EVENT)).toBe(true);
    await claim("run-1", "pi/0");
    expect(await store.writeIf(ID, { "run.id": "", state: "withdrawn" }, { state: "queued" }, EVENT)).toBe(false);
    expect((await store.read(ID)).state).toBe("withdrawn");
    expect(await events()).toHaveLength(2);
  });

  it("lets one of many through", async () => {
    await store.writeIf(ID, {}, { state: "blocked" });
    const stores = Array.from({ length: 20 }, () => createIssueStore(server.connect()));
    const done = await Promise.all(
      stores.map((one) => one.writeIf(ID, { state: "blocked" }, { state: "queued" }, EVENT)),
    );
    expect(done.filter(Boolean)).toHaveLength(1);
    expect(await events()).toHaveLength(1);
  });

  it("writes the fields and the event together: neither, where the log can't be written", async () => {
    await server.redis.set(EVENTS_KEY, "no stream");
    await expect(store.writeIf(ID, {}, { state: "queued" }, EVENT)).rejects.toThrow(/WRONGTYPE/);
    await server.redis.del(EVENTS_KEY);
    expect((await store.read(ID)).state).toBeNull();
    await server.redis.set(issueKey(ID), "no hash");
    await expect(store.writeIf(ID, {}, { state: "queued" }, EVENT)).rejects.toThrow(/WRONGTYPE/);
    expect(await events()).toEqual([]);
  });
});

describe("a state", () => {
  const unexpected = async () => (await events()).filter(({ event }) => event === "state:unexpected");

  it("follows the one before by one table, which the script has too; what it does not have is written, and logged", async () => {
    const lines: string[] = [];
    store = createIssueStore(server.redis, (line) => void lines.push(line));
    for (const [from, allowed] of Object.entries(TRANSITIONS)) {
      for (const to of ISSUE_STATES) {
        await server.redis.flushall();
        if (from !== "") await server.redis.hset(issueKey(ID), "state", from);
        expect(await store.writeIf(ID, { state: from }, { state: to }, EVENT)).toBe(true);
        expect((await store.read(ID)).state).toBe(to);
        const expected = allowed.includes(to) || from === to;
        const unexpectedEvent = { event: "state:unexpected", issue: ID, from, by: "runner", evidence: { state: to } };
        expect(await unexpected()).toMatchObject(expected ? [] : [unexpectedEvent]);
        const line = `the state ${to} of ${ID} does not follow the one before`;
        expect(lines.splice(0)).toEqual(expected ? [] : [line]);
      }
    }
  });

  it("of a run is checked as well; one of another version, or none, is followed by any", async () => {
    const lines: string[] = [];
    store = createIssueStore(server.redis, (line) => void lines.push(line));
    await server.redis.hset(issueKey(ID), "state", "pr");
    await claim("run-1", "pi/0");
    await store.write(ID, "run-1", { state: "running" }, EVENT);
    expect(await unexpected()).toMatchObject([{ from: "pr", evidence: { state: "running" } }]);
    expect((await events()).map(({ event }) => event)).toEqual(["note:written", "state:unexpected"]);
    await server.redis.hset(issueKey(ID), "state", "of a newer version");
    await store.write(ID, "run-1", { state: "pr" });
    await store.write(ID, "run-1", { "branch.name": "b" });
    await store.writeIf(ID, { state: "queued" }, { state: "running" });
    expect(lines).toHaveLength(1);
  });
});

describe("values", () => {
  it("come back as they were written", async () => {
    const text = 'ünïcödé 👩‍👩‍👧 \u2028 \u0000 "quotes" \\ {braces} $& \r\n';
    const usage = {
      inputTokens: 1,
      outputTokens: 2,
      cacheReadTokens: 3,
      cacheWriteTokens: 4,
      costUsd: 0.1,
      turns: 5,
      durationMs: 6,
    };
    const patch = {
      "end.reason": text,
      "question.reply": { commentId: 1, author: "octo", text },
      "agent.usage": usage,
      "label.event": 12_345_678_901,
    };
    await store.writeIf(ID, {}, patch, { ...EVENT, reason: text, evidence: { text, none: null, n: 1 } });
    expect(await store.read(ID)).toEqual(applyPatch(parseIssueState({}), patch));
    expect(await events()).toMatchObject([{ reason: text, evidence: { text, none: null, n: 1 } }]);
  });

  it("cut through an emoji are still taken", async () => {
    const half = "😀".slice(0, 1);
    const answer = { commentId: 1, author: half, text: half };
    const event = { ...EVENT, reason: half, by: half, evidence: { half } };
    expect(await store.writeIf(ID, {}, { "end.reason": half, "question.reply": answer }, event)).toBe(true);
    expect((await store.read(ID)).end.reason).toBe("\uFFFD");
  });

  it("that are null are removed", async () => {
    await store.writeIf(ID, {}, { "branch.name": "b", "pull.number": 1, "end.reason": "r" });
    await store.writeIf(ID, {}, { "branch.name": null, "end.reason": null });
    expect(Object.keys(await server.redis.hgetall(issueKey(ID)))).toEqual(["pull.number", "prNumber"]);
  });
});

describe("reading", () => {
  it("of an unknown issue, or of a damaged hash, is the record of an issue without any work", async () => {
    const blank = await store.read("octo.none.1");
    expect(blank).toMatchObject({
      state: null,
      run: { id: null },
      checkpoint: "none",
      label: { event: 0 },
      question: { reply: null },
      counts: { lost: 0 },
    });
    await server.redis.hset(issueKey(ID), {
      state: "elsewhere",
      checkpoint: "half",
      labelEvent: "many",
      agentRuns: "1.5",
      answer: "{",
      usage: '{"inputTokens":-1}',
      prNumber: "NaN",
      outcome: "",
      lost: "1e999",
      unknown: "field",
    });
    expect(await store.read(ID)).toEqual(blank);
  });

  it("keeps what can be read of a hash that is damaged in part", () => {
    expect(parseIssueState({ state: "pr", usage: "{", prNumber: "9" })).toMatchObject({
      state: "pr",
      agent: { usage: null },
      pull: { number: 9 },
    });
  });

  it("of many keeps their order", async () => {
    await store.writeIf("a", {}, { "pull.number": 1 });
    await store.writeIf("c", {}, { "pull.number": 3 });
    expect((await store.readMany(["c", "b", "a"])).map(({ pull: { number: prNumber } }) => prNumber)).toEqual([
      3,
      null,
      1,
    ]);
    expect(await store.readMany([])).toEqual([]);
  });

  fieldTest("F9", "of a whole queue asks for the named fields alone", async () => {
    await store.writeIf("a", {}, { state: "queued", "pull.number": 3, "work.summary": "x" });
    await server.redis.config("RESETSTAT");
    expect(await store.readFacts(["b", "a"], ["state", "label.event", "command.stop"])).toEqual([
      { state: null, label: { event: 0 }, command: { stop: null } },
      { state: "queued", label: { event: 0 }, command: { stop: null } },
    ]);
    expect(await server.redis.info("commandstats")).not.toContain("cmdstat_hgetall");
  });

  it("of a key of another type is an error, not an empty issue", async () => {
    await server.redis.set(issueKey(ID), "text");
    await expect(store.read(ID)).rejects.toThrow(/WRONGTYPE/);
    await expect(store.readMany([ID])).rejects.toThrow(/WRONGTYPE/);
    await expect(store.readFacts([ID], ["state"])).rejects.toThrow(/WRONGTYPE/);
  });
});

it("a command is in the hash before its runner is woken", async () => {
  await claim("run-1", "pi/0");
  const subscriber = server.connect();
  await subscriber.subscribe(COMMANDS_CHANNEL);
  const woken = new Promise<string>((resolve, reject) => {
    subscriber.once("message", (_, jobId: string) => {
      store.read(jobId).then(({ command: { stop } }) => resolve(`${jobId}: ${stop}`), reject);
    });
  });
  await store.command(ID, { "command.stop": "stopped by octo" });
  expect(await woken).toBe(`${ID}: stopped by octo`);
  await store.write(ID, "run-1", { state: "stopped" });
});

it("a record has the version of the run that wrote it, which only goes up", async () => {
  const format = async () => (await store.read(ID)).format;
  await store.writeIf(ID, {}, { "job.hold": null });
  expect(await server.redis.exists(issueKey(ID))).toBe(0);
  await store.writeIf(ID, {}, { state: "queued" });
  await server.redis.hset(issueKey(ID), "run", "run-1");
  await store.writeIf(ID, { "run.id": "run-1" }, { "command.stop": "stopped by octo" });
  await store.command(ID, { "command.stop": "stopped by octo" });
  expect(await server.redis.hexists(issueKey(ID), "format")).toBe(0);
  await store.write(ID, "run-1", { state: "running" });
  expect(await format()).toBe(RECORD_FORMAT);
  await server.redis.hset(issueKey(ID), "format", "99");
  await store.write(ID, "run-1", { state: "running" });
  expect(await format()).toBe(99);
});
