import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { NewEvent } from "../domain/events.ts";
import { appendFormer } from "../testing/formerEvents.fixture.ts";
import { appendEvent, readEvents } from "./events.ts";
import { clearHold, expireHold, readHolds, setHold } from "./holds.ts";
import { EVENTS_KEY, HOLDS_KEY, RUNNERS_KEY, SCHEDULER_KEY } from "./keys.ts";
import {
  announceRunner,
  announceScheduler,
  readRunners,
  readScheduler,
  removeRunner,
  type RunnerPresence,
} from "./presence.ts";
import { startTestRedis, type TestRedis } from "./redisServer.fixture.ts";

let server: TestRedis;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.close());
beforeEach(() => server.redis.flushall());

const event = (n: number): NewEvent => ({
  event: "note:written",
  issue: `octo.hello.${n}`,
  from: "queued",
  by: "runner",
  reason: `${n}`,
  evidence: { n },
});

describe("the event log", () => {
  it("is read in pages from its end, each oldest first", async () => {
    for (let n = 1; n <= 7; n += 1) await appendEvent(server.redis, event(n));
    const pages: string[][] = [];
    let before: string | undefined;
    for (;;) {
      const page = await readEvents(server.redis, before === undefined ? { count: 3 } : { count: 3, before });
      if (page.length === 0) break;
      pages.push(page.map(({ reason }) => reason));
      before = page[0]?.id ?? "";
    }
    expect(pages).toEqual([["5", "6", "7"], ["2", "3", "4"], ["1"]]);
  });

  it("has Redis' time and everything of the event", async () => {
    const [seconds] = await server.redis.time();
    await appendEvent(server.redis, event(1));
    const [logged] = await readEvents(server.redis, { count: 1 });
    expect(logged).toMatchObject(event(1));
    expect(Date.parse(logged?.at ?? "")).toBeGreaterThanOrEqual(Number(seconds) * 1000);
    expect(logged?.at).toBe(new Date(Number(logged?.id.split("-")[0])).toISOString());
  });

  it("bounds a reason", async () => {
    await appendEvent(server.redis, { ...event(1), reason: "x".repeat(100_000) });
    expect((await readEvents(server.redis, { count: 1 }))[0]?.reason).toHaveLength(2000);
  });

  it("has the name of an event, and the one that older versions read", async () => {
    const evidence = { comment: 6 };
    await appendEvent(server.redis, { ...event(1), event: "question:answered", from: "blocked", evidence });
    const [[, fields] = ["", []]] = await server.redis.xrange(EVENTS_KEY, "-", "+");
    const at = (name: string) => fields[fields.indexOf(name) + 1];
    expect([at("event"), at("from"), at("to")]).toEqual(["question:answered", "blocked", "blocked"]);
  });

  it("reads entries of an older and of this version in one log", async () => {
    await appendFormer(server.redis, { ...event(1), from: "blocked", to: "blocked", evidence: { comment: 6 } });
    await appendEvent(server.redis, { ...event(2), event: "publication:allowed", evidence: { label_event: 8 } });
    expect(await readEvents(server.redis, { count: 10 })).toMatchObject([
      { event: "question:answered", to: "blocked", evidence: { comment: 6 } },
      { event: "publication:allowed", to: "blocked", evidence: { label_event: 8 } },
    ]);
  });

  it.each(["{", "null", "7", '"text"'])("reads an entry of another version: evidence %s", async (evidence) => {
    await server.redis.xadd(EVENTS_KEY, "*", "issue", "octo.hello.1", "evidence", evidence, "new", "field");
    await server.redis.xadd(EVENTS_KEY, "*", "other", "1");
    expect(await readEvents(server.redis, { count: 10 })).toMatchObject([
      { issue: "octo.hello.1", to: "note", evidence: {} },
      { issue: "", to: "note", evidence: {} },
    ]);
  });
});

describe("holds", () => {
  const HOLD = { name: "usage-limit", reason: "limit", by: "runner pi/0", since: 5, until: 1000 };
  const log = async () => (await readEvents(server.redis, { count: 100 })).map(({ to, by }) => `${to} by ${by}`);

  it("begin once in the log, however often their end is moved, and end once", async () => {
    await setHold(server.redis, HOLD);
    await setHold(server.redis, { ...HOLD, until: 2000 });
    await setHold(server.redis, { ...HOLD, name: "repo:octo/hello", until: null });
    expect((await readHolds(server.redis)).map(({ name, until }) => [name, until])).toEqual([
      ["usage-limit", 2000],
      ["repo:octo/hello", null],
    ]);
    const ends = await Promise.all([1, 2, 3].map(() => clearHold(server.redis, "usage-limit", "ann", "enough")));
    expect(ends.filter(Boolean)).toHaveLength(1);
    expect(await readHolds(server.redis)).toHaveLength(1);
    expect(await log()).toEqual(["hold by runner pi/0", "hold by runner pi/0", "unhold by ann"]);
  });

  it("that have expired are removed once", async () => {
    await setHold(server.redis, HOLD);
    const ends = await Promise.all([1, 2, 3].map(() => expireHold(server.redis, HOLD, "scheduler")));
    expect(ends.filter(Boolean)).toHaveLength(1);
    expect(await readHolds(server.redis)).toEqual([]);
    expect(await log()).toEqual(["hold by runner pi/0", "unhold by scheduler"]);
  });

  it.each([2000, null])("whose end was moved to %s meanwhile stay", async (until) => {
    await setHold(server.redis, HOLD);
    const [seen] = await readHolds(server.redis);
    await setHold(server.redis, { ...HOLD, until });
    expect(await expireHold(server.redis, seen ?? HOLD, "scheduler")).toBe(false);
    expect(await readHolds(server.redis)).toMatchObject([{ until }]);
  });

  it("that nobody can read hold nothing", async () => {
    await server.redis.hset(HOLDS_KEY, "auth", "{", "breaker", "{}");
    expect(await readHolds(server.redis)).toEqual([]);
  });
});

describe("presence", () => {
  const RUNNER: RunnerPresence = { name: "pi/0", at: 1, host: "pi", pid: 2, slots: 3, busy: 1 };

  it("of runners comes and goes", async () => {
    await announceRunner(server.redis, RUNNER);
    await announceRunner(server.redis, { ...RUNNER, name: "nas/0", busy: 0 });
    await announceRunner(server.redis, { ...RUNNER, at: 9 });
    await server.redis.hset(RUNNERS_KEY, "old", "{", "older", "{}");
    expect((await readRunners(server.redis)).map(({ name, at }) => [name, at])).toEqual([
      ["pi/0", 9],
      ["nas/0", 1],
    ]);
    await removeRunner(server.redis, "pi/0");
    expect(await readRunners(server.redis)).toHaveLength(1);
  });

  it("of the scheduler is its last word, or none", async () => {
    expect(await readScheduler(server.redis)).toBeNull();
    const presence = { at: 1, lastPollAt: null, error: "GitHub is not there" };
    await announceScheduler(server.redis, presence);
    expect(await readScheduler(server.redis)).toEqual(presence);
    await server.redis.set(SCHEDULER_KEY, "[]");
    expect(await readScheduler(server.redis)).toBeNull();
  });
});
