import { Worker } from "bullmq";
import { afterEach, beforeEach, expect, test } from "vitest";
import { QUEUE_NAME } from "@tac8/core/queue/contract";
import { appendEvent, readEvents } from "@tac8/core/state/events";
import { clearHold, readHolds } from "@tac8/core/state/holds";
import { createBreaker } from "./breaker.ts";
import { createHarness, type Harness } from "./harness.fixture.ts";
import { reconcileHolds } from "./holds.ts";

let at: Harness;
let workers: Worker[] = [];
let ahead = 0;
/** What running jobs wait for. */
let over = Promise.withResolvers<void>();
beforeEach(async () => {
  at = await createHarness();
  ahead = 0;
  over = Promise.withResolvers();
});
afterEach(async () => {
  over.resolve();
  await Promise.all(workers.map((worker) => worker.close()));
  workers = [];
  await at.close();
});

const now = () => Date.now() + ahead;

/** A scheduler's round, by one that has just started. */
async function round(): Promise<void> {
  const { redis, queue, services } = at;
  await createBreaker({ redis, queue, log: services.log, now, failures: 3, factor: 1 })();
  await reconcileHolds({ redis, queue, log: services.log, now: now() });
}

async function ends(to: "retrying" | "pr", number: number, failure = "agent"): Promise<void> {
  const evidence = to === "pr" ? {} : { failure };
  const reason = "API Error: 500";
  await appendEvent(at.redis, { issue: at.jobId(number), from: "running", to, by: "runner", reason, evidence });
}

async function trip(): Promise<void> {
  for (const number of [1, 2, 3]) await ends("retrying", number);
  await round();
  expect(await at.queue.isPaused()).toBe(true);
}

const limit = () => at.queue.getGlobalConcurrency();
const names = async () => (await readHolds(at.redis)).map(({ name }) => name);
const newest = async () => (await readEvents(at.redis, { count: 1 }))[0];

test("it holds the queue, probes with one job on all runners, and lets all through when that went well", async () => {
  workers = [1, 2].map(() => new Worker(QUEUE_NAME, () => over.promise, { connection: at.redis, concurrency: 2 }));
  for (const worker of workers) worker.on("error", () => undefined);
  await trip();
  expect(await names()).toEqual(["breaker"]);
  expect((await readHolds(at.redis))[0]?.reason).toMatch(/last 3 runs all failed in the same way: API Error: 500/);
  for (let job = 1; job <= 4; job += 1) await at.queue.add(`job ${job}`, {} as never);
  await round();
  expect(await at.queue.isPaused()).toBe(true);

  ahead = 5 * 60_000 + 1;
  await round();
  expect(await at.queue.isPaused()).toBe(false);
  expect(await names()).toEqual([]);
  await expect.poll(() => at.queue.getActiveCount(), { timeout: 30_000 }).toBe(1);
  await round();
  expect(await limit()).toBe(1);
  expect(await at.queue.getActiveCount()).toBe(1);

  await ends("pr", 4);
  await round();
  expect(await limit()).toBeNull();
  await expect.poll(() => at.queue.getActiveCount(), { timeout: 30_000 }).toBe(4);
  expect(await newest()).toMatchObject({ to: "note", reason: expect.stringContaining("went well") });
});

test("a probe that fails alike holds for longer; old failures do not trip it again", async () => {
  await trip();
  ahead = 5 * 60_000 + 1;
  await round();
  expect(await limit()).toBe(1);
  await ends("retrying", 5);
  await round();
  const [hold] = await readHolds(at.redis);
  expect(hold?.until).toBeGreaterThan(now() + 14 * 60_000);
  expect(await at.queue.isPaused()).toBe(true);
  ahead += 15 * 60_000 + 1;
  await round();
  await ends("retrying", 6, "git");
  await round();
  expect([await limit(), await at.queue.isPaused()]).toEqual([null, false]);
  await round();
  expect(await names()).toEqual([]);
});

test("a person who takes the hold away gets a probe, and a limit of his own is put back", async () => {
  await at.queue.setGlobalConcurrency(9);
  await trip();
  await clearHold(at.redis, "breaker", "a person", "go on");
  await round();
  expect([await limit(), await at.queue.isPaused()]).toEqual([1, false]);
  await ends("pr", 7);
  await round();
  expect(await limit()).toBe(9);
});
