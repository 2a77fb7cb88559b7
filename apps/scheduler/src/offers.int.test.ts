import { Queue } from "bullmq";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Counter } from "@tac8/core/domain/placement";
import { QUEUE_NAME } from "@tac8/core/queue/contract";
import { BREAKER_KEY, QUEUE_LIMIT_KEY } from "@tac8/core/state/keys";
import { deferredReasons, takePermit, deferJob, type Permit } from "@tac8/core/state/permits";
import { announceRunner, type RunnerPresence } from "@tac8/core/state/presence";
import { startTestRedis, type TestRedis } from "@tac8/core/state/redisServer.fixture";
import { createOffers, limitQueue } from "./offers.ts";

let server: TestRedis;
let queue: Queue;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.close());
beforeEach(async () => {
  await server.redis.flushall();
  queue = new Queue(QUEUE_NAME, { connection: server.redis });
});
afterEach(() => queue.close());

const LIMITS = { runs: 0, per_repository: { "Octo/Hello": 2 }, per_label: { big: 1 } };
const services = (limits = LIMITS) => ({ config: { limits }, redis: server.redis, queue, now: Date.now });

/** Add a deferred job. */
async function defer(jobId: string, reason: string, priority = 5): Promise<void> {
  const job = await queue.add("issue", {}, { jobId, priority, delay: 600_000 });
  await deferJob(server.redis, { reason, jobId, priority, since: job.timestamp });
}

async function offered(): Promise<string[]> {
  return (await queue.getPrioritized()).map(({ id }) => id ?? "").toSorted();
}

async function occupy(counter: Counter, member: string): Promise<Permit> {
  const found = await takePermit(server.redis, { counters: [counter], member, lifeMs: 60_000 });
  if (!("permit" in found)) throw new Error("it is full");
  return found.permit;
}

const runner = (change: Partial<RunnerPresence>): RunnerPresence => ({
  id: "a/0",
  name: "big/0",
  host: "big",
  pid: 1,
  at: Date.now(),
  slots: 2,
  busy: 0,
  labels: ["big"],
  ...change,
});

test("a limit's free permits are offered, the most urgent job first, and the next one when a run ends", async () => {
  const counter = { name: "limit:repository:octo/hello", most: 2 };
  const first = await occupy(counter, "one");
  await occupy(counter, "two");
  await defer("late", counter.name);
  await defer("urgent", counter.name, 1);
  const offer = createOffers(services());
  await offer();
  expect(await offered()).toEqual([]);
  await first.release();
  await offer();
  await offer(); // Nobody has taken it yet: no other one is offered.
  expect(await offered()).toEqual(["urgent"]);
});

test("a limit that was removed from the configuration delays no job", async () => {
  await defer("a", "limit:label:old");
  await defer("b", "limit:label:old");
  await createOffers(services())();
  expect(await offered()).toEqual(["a", "b"]);
  expect(await deferredReasons(server.redis)).toEqual([]);
});

test("a job that needs a runner label is offered for free slots of runners that have the label and accept jobs", async () => {
  for (const id of ["a", "b", "c"]) await defer(id, "runs-on:big");
  const offer = createOffers(services());
  await offer();
  expect(await offered()).toEqual([]);
  await announceRunner(server.redis, runner({ tired: "78 °C" }));
  await announceRunner(server.redis, runner({ id: "b/0", name: "small/0", labels: [] }));
  await offer();
  expect(await offered()).toEqual([]);
  await announceRunner(server.redis, runner({ busy: 1 }));
  await offer();
  expect(await offered()).toEqual(["a"]);
});

test("a job that a newer version has processed is offered to no older runner, and to a newer one as soon as it starts", async () => {
  await defer("a", "format:2");
  const offer = createOffers(services());
  await announceRunner(server.redis, runner({ format: 1 }));
  await announceRunner(server.redis, runner({ id: "b/0", name: "older/0" }));
  await offer();
  expect(await offered()).toEqual([]);
  await announceRunner(server.redis, runner({ id: "c/0", name: "newer/0", format: 3 }));
  await offer();
  expect(await offered()).toEqual(["a"]);
});

test("… and for all their slots while other jobs wait, so that it is in the queue when a slot becomes free", async () => {
  for (const id of ["a", "b", "c"]) await defer(id, "runs-on:big");
  await announceRunner(server.redis, runner({ busy: 2 }));
  const offer = createOffers(services());
  await offer();
  expect(await offered()).toEqual([]);
  await queue.add("issue", {}, { jobId: "other", priority: 6 });
  await offer();
  expect(await offered()).toEqual(["a", "b", "other"]);
});

test("the limit over all runners is set in the queue, except while the breaker probes; without one, an operator's own limit is kept", async () => {
  await queue.setGlobalConcurrency(7);
  await limitQueue(services());
  expect(await queue.getGlobalConcurrency()).toBe(7);
  await limitQueue(services({ ...LIMITS, runs: 3 }));
  expect(await queue.getGlobalConcurrency()).toBe(3);
  const probing = { phase: "probing", after: "0-0", way: "w", times: 1, concurrency: null };
  await server.redis.set(BREAKER_KEY, JSON.stringify(probing));
  await limitQueue(services({ ...LIMITS, runs: 9 }));
  expect(await queue.getGlobalConcurrency()).toBe(3);
  await server.redis.del(BREAKER_KEY);
  await limitQueue(services());
  expect([await queue.getGlobalConcurrency(), await server.redis.exists(QUEUE_LIMIT_KEY)]).toEqual([null, 0]);
});
