import { afterEach, beforeEach, expect, test } from "vitest";
import { CALM_MS } from "./planEvaluation.ts";
import { readEvaluation } from "@tac8/core/state/healthEvaluation";
import { readEvents } from "@tac8/core/state/events";
import { clearHold, readHolds } from "@tac8/core/state/holds";
import { announceRunner, announceScheduler, type HostPresence } from "@tac8/core/state/presence";
import { createHarness, type Harness } from "./harness.fixture.ts";
import { createHealth } from "./health.ts";
import { reconcileHolds } from "./holds.ts";

let at: Harness;
let ahead = 0;
let check: () => Promise<void>;
beforeEach(async () => {
  at = await createHarness();
  ahead = 0;
  check = health();
});
afterEach(() => at.close());

const now = () => Date.now() + ahead;
const health = () => createHealth({ config: at.config, redis: at.redis, queue: at.queue, log: at.services.log, now });

/** Run a round of a scheduler, with a runner that works normally. */
async function round(machine: Partial<HostPresence> = {}): Promise<void> {
  await announceScheduler(at.redis, { at: now(), lastPollAt: now(), error: null });
  const fine = { freeMemoryMb: 4000, totalMemoryMb: 8000, freeDiskGb: 20, loadPerCore: 1, temperatureC: null };
  const runner = { name: "pi-1/0", host: "pi-1", at: now(), pid: 1, slots: 2, busy: 0 };
  await announceRunner(at.redis, { ...runner, machine: { ...fine, ...machine } });
  await check();
  await reconcileHolds({ redis: at.redis, queue: at.queue, log: at.services.log, now: now() });
}

const level = async () => (await readEvaluation(at.redis))?.level;
const reported = async () => (await readEvents(at.redis, { count: 50 })).map(({ to, reason }) => `${to}: ${reason}`);
const holds = async () => (await readHolds(at.redis)).map(({ name }) => name);
/** Simulate a Redis that uses this percentage of its memory limit. */
async function useMemory(percent: number): Promise<void> {
  const used = Number(/^used_memory:(\d+)/m.exec(await at.redis.info("memory"))?.[1]);
  await at.redis.config("SET", "maxmemory", percent === 0 ? "0" : String(Math.round((used * 100) / percent)));
}

test("the evaluation is written when it changes, or every half minute, because each write goes to the disk of Redis", async () => {
  const written = async () => {
    await round({ freeDiskGb: 1 });
    return (await readEvaluation(at.redis))?.at;
  };
  const first = await written();
  ahead += 10_000;
  expect(await written()).toBe(first);
  ahead += 20_000;
  expect(await written()).toBeGreaterThan(first ?? Infinity);
});

test("the evaluation is published, and logged when it changes", async () => {
  await round();
  await round();
  expect([await level(), await reported()]).toEqual(["ok", []]);
  await round({ freeDiskGb: 1 });
  const { since } = (await readEvaluation(at.redis)) ?? {};
  ahead += 3000;
  await round({ freeDiskGb: 1.1 });
  expect(await readEvaluation(at.redis)).toMatchObject({
    level: "degraded",
    since,
    at: expect.any(Number),
    reasons: [{ code: "disk:pi-1", action: "slow", host: "pi-1" }],
  });
  await round({ freeDiskGb: 2.3 });
  expect(await level()).toBe("degraded"); // Not better by enough.
  await round({ freeDiskGb: 2.5 });
  expect([await level(), await reported()]).toEqual([
    "ok",
    [expect.stringMatching(/^note: health: ok → degraded; pi-1 has only 1.0 GB/), "note: health: degraded → ok"],
  ]);
  expect(await holds()).toEqual([]);
});

test("a Redis that is nearly full holds the queue until it has had free memory for some time", async () => {
  await at.redis.setrange("ballast", 40_000_000, "x"); // What the test itself needs is then little.
  await useMemory(95);
  await round();
  expect([await level(), await holds(), await at.queue.isPaused()]).toEqual(["critical", ["health"], true]);
  expect((await readHolds(at.redis))[0]?.reason).toMatch(/Redis uses 9\d % of its maxmemory/);

  await clearHold(at.redis, "health", "an operator", "resume");
  await round();
  expect(await holds()).toEqual(["health"]); // It is as full as before.

  await useMemory(30);
  await round();
  expect([await level(), await holds()]).toEqual(["ok", ["health"]]);
  check = health(); // A scheduler that was started again continues.
  ahead += CALM_MS - 1000;
  await round();
  expect(await holds()).toEqual(["health"]);
  ahead += 2000;
  await round();
  expect([await holds(), await at.queue.isPaused()]).toEqual([[], false]);
  await useMemory(0);
  expect((await reported()).filter((line) => !line.startsWith("note"))).toEqual([
    expect.stringMatching(/^hold: Redis uses/),
    "unhold: resume",
    expect.stringMatching(/^hold: Redis uses/),
    "unhold: its cause is over",
  ]);
});

test("full disks on all hosts hold the queue; a missing runner does not", async () => {
  await round({ freeDiskGb: 0.1 });
  expect([await level(), await holds()]).toEqual(["critical", ["health"]]);
  await clearHold(at.redis, "health", "test", "");
  ahead += 3_700_000;
  await announceScheduler(at.redis, { at: now(), lastPollAt: now(), error: null });
  await check();
  expect((await readEvaluation(at.redis))?.reasons.map(({ code }) => code)).toEqual(["no-runner"]);
  expect([await level(), await holds()]).toEqual(["critical", []]);
});

test("publishes nothing before its own first poll", async () => {
  await announceScheduler(at.redis, { at: now() - 3_600_000, lastPollAt: now() - 3_600_000, error: null });
  await check();
  expect(await readEvaluation(at.redis)).toBeNull();
});
