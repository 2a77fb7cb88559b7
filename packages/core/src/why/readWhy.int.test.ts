import { DelayedError, Queue, UnrecoverableError, Worker, type Job } from "bullmq";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { jobOptions, QUEUE_NAME, type JobData } from "../queue/contract.ts";
import { setHold } from "../state/holds.ts";
import { appendFormer } from "../testing/formerEvents.fixture.ts";
import { createIssueStore, type IssueStore } from "../state/issueStore.ts";
import { BREAKER_KEY, REDIS_RESET_KEY, PAUSES_KEY } from "../state/keys.ts";
import { announceRunner, announceScheduler } from "../state/presence.ts";
import { startTestRedis, type TestRedis } from "../state/redisServer.fixture.ts";
import type { WhyFacts } from "./facts.ts";
import { readWhy } from "./readWhy.ts";

let server: TestRedis;
let queue: Queue<JobData>;
let store: IssueStore;

beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.close());
beforeEach(async () => {
  await server.redis.flushall();
  queue = new Queue(QUEUE_NAME, { connection: server.redis });
  store = createIssueStore(server.redis);
});
afterEach(() => queue.close());

const refOf = (number: number) => ({ owner: "Octo", repo: "Hello", number });
const id = (number: number) => `octo.hello.${number}`;
const settings = { label: "rpi-auto", pollSeconds: 30, blockedExpiresMs: 1000 };

async function add(number: number, priority: "P0" | "P1" | "P2" = "P2"): Promise<void> {
  const data = { ...refOf(number), repositoryId: 1, title: `Title ${number}`, url: `https://x/${number}` };
  await queue.add("issue", data, jobOptions({ jobId: id(number), priority, beforeNewWork: false, attempts: 3 }));
}

function read(number: number, now = Date.now()): Promise<WhyFacts> {
  const github = { asked: false, because: "test" } as const;
  return readWhy({ redis: server.redis, queue, ref: refOf(number), now, settings, github });
}

/** Process all waiting jobs with this function. */
async function work(how: (job: Job<JobData>, token: string) => Promise<unknown>): Promise<void> {
  const connection = server.connect();
  const worker = new Worker<JobData>(QUEUE_NAME, (job, token = "") => how(job, token), { connection, drainDelay: 1 });
  await new Promise((resolve) => worker.once("drained", () => resolve(null)));
  await worker.close();
}

test("an issue that nobody knows has no job and an empty hash", async () => {
  expect(await read(1)).toMatchObject({
    job: null,
    record: { state: null },
    holds: [],
    queue: { paused: false, active: 0, limit: null },
    breaker: { phase: "closed" },
    runners: [],
    pauses: new Map(),
    scheduler: null,
    addFrom: null,
    events: [],
  });
});

test("a job's place counts what goes before it, by priority and then in order", async () => {
  await add(1);
  await add(2);
  await add(3, "P0");
  const ahead = async (number: number) => (await read(number)).job?.ahead;
  expect([await ahead(3), await ahead(1), await ahead(2)]).toEqual([0, 1, 2]);
  expect((await read(2)).job).toEqual({
    state: "prioritized",
    title: "Title 2",
    url: "https://x/2",
    ahead: 2,
    priority: 6,
    until: null,
    attemptsMade: 0,
    maxAttempts: 3,
    lockMs: null,
  });
});

test("what BullMQ puts back itself is in a list, and goes before all", async () => {
  for (const number of [1, 2, 3]) await add(number);
  await server.redis.zrem(queue.toKey("prioritized"), id(2), id(3));
  await server.redis.lpush(queue.toKey("wait"), id(2));
  await server.redis.lpush(queue.toKey("wait"), id(3));
  const places = [2, 3, 1].map(async (number) => (await read(number)).job);
  expect(await Promise.all(places)).toMatchObject([
    { state: "waiting", ahead: 0 },
    { state: "waiting", ahead: 1 },
    { state: "prioritized", ahead: 2 },
  ]);
});

test("a job that is taken, put off, done or failed", async () => {
  for (const number of [1, 2, 3]) await add(number);
  const until = Date.now() + 3_600_000;
  let taken: WhyFacts["job"] = null;
  await work(async (job, token) => {
    if (job.data.number === 1) taken = (await read(1)).job;
    if (job.data.number === 2) throw new UnrecoverableError("no");
    if (job.data.number === 3) {
      await job.moveToDelayed(until, token);
      throw new DelayedError();
    }
  });
  expect(taken).toMatchObject({ state: "active", ahead: null, lockMs: expect.any(Number) });
  expect((await read(1)).job).toMatchObject({ state: "completed", attemptsMade: 1, lockMs: null });
  expect((await read(2)).job).toMatchObject({ state: "failed", attemptsMade: 1 });
  expect((await read(3)).job).toMatchObject({ state: "delayed", until, attemptsMade: 0 });
  await server.redis.zrem(queue.toKey("delayed"), id(3));
  expect((await read(3)).job).toMatchObject({ state: null });
});

test("everything around it, and of holds only those that concern it", async () => {
  const now = Date.now();
  await add(1);
  const hold = { reason: "r", by: "runner pi-1/0", since: now, until: now + 1000 };
  await setHold(server.redis, { ...hold, name: "usage-limit", run: "abc" });
  await setHold(server.redis, { ...hold, name: "repo:octo/hello" });
  await setHold(server.redis, { ...hold, name: "repo:octo/other" });
  await setHold(server.redis, { ...hold, name: "auth", until: now - 1 });
  await queue.pause();
  await queue.setGlobalConcurrency(1);
  const breaker = { phase: "probing", after: "0-0", way: "w", times: 1, concurrency: null };
  await server.redis.set(BREAKER_KEY, JSON.stringify(breaker));
  await server.redis.hset(REDIS_RESET_KEY, "octo/hello", String(now));
  await server.redis.hset(PAUSES_KEY, "pi-1/0", JSON.stringify({ by: "ann", reason: "lunch", since: now }));
  await server.redis.hset(PAUSES_KEY, "pi-2/0", "damaged");
  await announceRunner(server.redis, { name: "pi-1/0", at: now, host: "pi-1", pid: 1, slots: 2, busy: 0 });
  await announceScheduler(server.redis, { at: now, lastPollAt: now, error: null });
  const facts = await read(1, now);
  expect(facts).toMatchObject({
    queue: { paused: true, active: 0, limit: 1 },
    breaker,
    addFrom: now,
    runners: [{ name: "pi-1/0" }],
    pauses: new Map([["pi-1/0", { by: "ann", reason: "lunch", since: now }]]),
    scheduler: { lastPollAt: now },
  });
  expect(facts.holds.map(({ name }) => name).toSorted()).toEqual(["repo:octo/hello", "usage-limit"]);
  expect(facts.holds.find(({ name }) => name === "usage-limit")).toMatchObject({ run: "abc" });
});

test("its own events, also those of a change of state that is long ago", async () => {
  const log = (number: number, reason: string) =>
    appendFormer(server.redis, { issue: id(number), from: "", to: "note", by: "t", reason, evidence: {} });
  await log(1, "old");
  const since = new Date().toISOString();
  await store.writeIf(id(1), {}, { state: "blocked", since });
  // Entries by hand, so that they are hours later.
  const later = Date.now() + 3 * 3_600_000;
  const pipeline = server.redis.pipeline();
  for (let index = 0; index < 1200; index += 1) {
    pipeline.xadd("tac8:events", `${later}-${index}`, "issue", id(2), "to", "note", "reason", `${index}`);
  }
  pipeline.xadd("tac8:events", `${later + 1}-0`, "issue", id(1), "to", "note", "reason", "new");
  await pipeline.exec();
  expect((await read(1)).events.map(({ reason }) => reason)).toEqual(["new", "old"]);
  expect((await read(3)).events).toEqual([]);
});

test("what it costs does not grow with the queue", async () => {
  const calls = async (): Promise<Record<string, number>> => {
    const info = await server.redis.info("commandstats");
    const all = [...info.matchAll(/^cmdstat_([\w|]+):calls=(\d+)/gm)].map(([, name = "", number]) => [
      name,
      Number(number),
    ]);
    return Object.fromEntries(all);
  };
  const costOf = async (number: number) => {
    await server.redis.config("RESETSTAT");
    await read(number);
    // Asked by this test itself.
    const own = ["info", "config|resetstat"];
    return Object.fromEntries(Object.entries(await calls()).filter(([name]) => !own.includes(name)));
  };
  await add(1);
  await read(1); // Scripts are loaded once.
  const few = await costOf(1);
  const bulk = Array.from({ length: 20_000 }, (_, index) => ({
    name: "issue",
    data: { ...refOf(index + 2), repositoryId: 1, title: "t", url: "" },
    opts: jobOptions({ jobId: id(index + 2), priority: "P2", beforeNewWork: false, attempts: 3 }),
  }));
  await queue.addBulk(bulk);
  expect((await read(20_001)).job?.ahead).toBe(20_000);
  expect(await costOf(1)).toEqual(few);
  expect(await costOf(20_001)).toEqual(few);
  expect(Object.keys(few).filter((name) => /keys|scan|lrange|zrange/.test(name))).toEqual([]);
});
