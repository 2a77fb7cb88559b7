import { Worker } from "bullmq";
import { afterEach, beforeEach, expect, test } from "vitest";
import { QUEUE_NAME } from "@tac8/core/queue/contract";
import { readEvents } from "@tac8/core/state/events";
import { appendFormer } from "@tac8/core/testing/formerEvents.fixture";
import { clearHold, readHolds, setHold } from "@tac8/core/state/holds";
import { announceRunner } from "@tac8/core/state/presence";
import { createBreaker } from "./breaker.ts";
import { createHarness, type Harness } from "./harness.fixture.ts";
import { reconcileHolds } from "./holds.ts";

let at: Harness;
let workers: Worker[] = [];
let ahead = 0;
/** Running jobs wait for this. */
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

/** Run one round of a scheduler that has just started. */
async function round(): Promise<void> {
  const { redis, queue, services } = at;
  await createBreaker({ redis, queue, log: services.log, now, failures: 3, factor: 1 })();
  await reconcileHolds({ redis, queue, log: services.log, now: now() });
}

async function ends(to: "retrying" | "parked" | "pr", number: number, failure = "agent"): Promise<void> {
  const evidence = to === "pr" ? {} : { failure };
  const reason = "API Error: 500";
  await appendFormer(at.redis, { issue: at.jobId(number), from: "running", to, by: "runner", reason, evidence });
}

async function trip(): Promise<void> {
  for (const number of [1, 2, 3]) await ends("retrying", number);
  await round();
  expect(await at.queue.isPaused()).toBe(true);
}

const limit = () => at.queue.getGlobalConcurrency();
const names = async () => (await readHolds(at.redis)).map(({ name }) => name);
const newest = async () => (await readEvents(at.redis, { count: 1 }))[0];

test("it holds the queue, probes with one job on all runners, and resumes the queue when the probe succeeds", async () => {
  workers = [1, 2].map(() => new Worker(QUEUE_NAME, () => over.promise, { connection: at.redis, concurrency: 2 }));
  for (const worker of workers) worker.on("error", () => undefined);
  await trip();
  expect(await names()).toEqual(["breaker"]);
  expect((await readHolds(at.redis))[0]?.reason).toMatch(/last 3 runs failed with the same error: API Error: 500/);
  for (let job = 1; job <= 4; job += 1) await at.queue.add(`job ${job}`, {} as never);
  await round();
  expect(await at.queue.isPaused()).toBe(true);

  ahead = 5 * 60_000 + 1;
  await round();
  expect(await at.queue.isPaused()).toBe(false);
  expect(await names()).toEqual([]);
  await expect.poll(() => at.queue.getActiveCount(), { timeout: 60_000 }).toBe(1);
  await round();
  expect(await limit()).toBe(1);
  expect(await at.queue.getActiveCount()).toBe(1);

  await ends("pr", 4);
  await round();
  expect(await limit()).toBeNull();
  await expect.poll(() => at.queue.getActiveCount(), { timeout: 60_000 }).toBe(4);
  expect(await newest()).toMatchObject({ to: "note", reason: expect.stringContaining("succeeded") });
});

test("the probe runs beside agents that were running before the hold", async () => {
  const gates = new Map<string, PromiseWithResolvers<void>>();
  const gate = (name: string) => {
    const its = gates.get(name) ?? Promise.withResolvers<void>();
    gates.set(name, its);
    return its;
  };
  const hold = ({ name }: { readonly name: string }) => Promise.race([gate(name).promise, over.promise]);
  workers = [1, 2].map(() => new Worker(QUEUE_NAME, hold, { connection: at.redis, concurrency: 2 }));
  for (const worker of workers) worker.on("error", () => undefined);
  const active = async () => (await at.queue.getActive()).map(({ name }) => name).toSorted();
  for (const name of ["old 1", "old 2"]) await at.queue.add(name, {} as never);
  await expect.poll(active, { timeout: 60_000 }).toEqual(["old 1", "old 2"]);
  await trip();
  for (const name of ["new 1", "new 2"]) await at.queue.add(name, {} as never);

  ahead = 5 * 60_000 + 1;
  await round();
  await expect.poll(active, { timeout: 60_000 }).toEqual(["new 1", "old 1", "old 2"]);
  gate("old 1").resolve();
  await expect.poll(() => at.queue.getCompletedCount(), { timeout: 60_000 }).toBe(1);
  await round();
  expect(await limit()).toBe(2);

  await ends("pr", 4);
  await round();
  expect(await limit()).toBeNull();
});

test("a probe that fails with the same kind holds for longer; old failures do not trip the breaker again", async () => {
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

test("if an operator removes the hold, the breaker probes and then restores the operator's own limit", async () => {
  await at.queue.setGlobalConcurrency(9);
  await trip();
  await clearHold(at.redis, "breaker", "an operator", "resume");
  await round();
  expect([await limit(), await at.queue.isPaused()]).toEqual([1, false]);
  await ends("pr", 7);
  await round();
  expect(await limit()).toBe(9);
});

/** Set the hold as a runner does after a model outage. */
async function meetsOutage(number: number): Promise<void> {
  const hold = { name: "model", reason: "529", by: "runner", since: now(), until: now() + 60_000 };
  await setHold(at.redis, hold);
  await ends("parked", number, "model");
}

test("an outage of the model: each hold is longer than the last, and one job probes the queue", async () => {
  await meetsOutage(1);
  await round();
  expect([await names(), await at.queue.isPaused()]).toEqual([["model"], true]);
  for (const minutes of [2, 5, 10]) {
    ahead = ((await readHolds(at.redis))[0]?.until ?? 0) - Date.now() + 1;
    await round();
    expect([await names(), await limit(), await at.queue.isPaused()]).toEqual([[], 1, false]);
    await meetsOutage(1);
    await round();
    const [hold] = await readHolds(at.redis);
    expect(((hold?.until ?? 0) - now()) / 60_000).toBeGreaterThan(minutes - 0.5);
  }
  ahead += 10 * 60_000 + 1;
  await round();
  await ends("pr", 1);
  await round();
  expect([await names(), await limit(), await at.queue.isPaused()]).toEqual([[], null, false]);
});

test("all jobs resume as soon as the model answers the probe, hours before the probe ends", async () => {
  await meetsOutage(1);
  await round();
  ahead = 60_000 + 1;
  await round();
  const event = { issue: at.jobId(1), from: "parked", to: "running", by: "runner", reason: "again" } as const;
  await appendFormer(at.redis, { ...event, evidence: { run: "probe", attempt: 1 } });
  await announce("text");
  await round();
  expect(await limit()).toBe(1);
  await announce("tool");
  await round();
  expect(await limit()).toBeNull();
  expect((await newest())?.reason).toContain("the model responds to a run");
});

async function announce(kind: string): Promise<void> {
  const run = { issue: at.jobId(1), title: "", run: "probe", slot: "pi/0", phase: "work", since: 0 } as const;
  const last = { at: Date.now(), kind, text: "" };
  const runs = [{ ...run, last, tokens: 0, costUsd: 0 }];
  await announceRunner(at.redis, {
    name: "pi/0",
    at: Date.now(),
    host: "pi",
    pid: 1,
    slots: 1,
    busy: 1,
    tired: null,
    runs,
  });
}
