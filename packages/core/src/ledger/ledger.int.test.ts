import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { encodeAgentEvidence } from "../domain/agentEvidence.ts";
import type { FormerEvent } from "../domain/formerEvents.ts";
import { appendFormer } from "../testing/formerEvents.fixture.ts";
import { startTestRedis, type TestRedis } from "../state/redisServer.fixture.ts";
import { dayOf, lastDays } from "../domain/days.ts";
import { histogramOf } from "./histograms.ts";
import { addSample, readSamples } from "./samples.ts";
import { advanceLedger, readDays, readEnds, readTotals } from "./store.ts";
import { summarize } from "./summary.ts";

let server: TestRedis;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.close());
beforeEach(() => server.redis.flushall());

const log = (change: Partial<FormerEvent>) =>
  appendFormer(server.redis, {
    issue: "octo.hello.1",
    from: "running",
    to: "note",
    by: "t",
    reason: "",
    evidence: {},
    ...change,
  });

const figures = { input: 100, output: 20, cacheRead: 3, cacheWrite: 4 };
const agent = (costUsd: number) =>
  encodeAgentEvidence({
    run: "r",
    cause: "exited",
    costUsd,
    turns: 2,
    ms: 45_000,
    models: [
      { model: "large", ...figures, costUsd },
      { model: "small", ...figures, costUsd: 0.000001 },
    ],
  });

async function aDay(): Promise<void> {
  await log({ from: "queued", to: "running", evidence: { waitedMs: 4000 } });
  await log({ to: "agent", evidence: agent(0.25) });
  await log({ to: "retrying", evidence: { failure: "agent" } });
  await log({ from: "retrying", to: "running", evidence: { waitedMs: null } });
  await log({ to: "agent", evidence: agent(0.5) });
  await log({ to: "pr", evidence: { sinceBegunMs: 400_000 } });
  await log({ issue: "", from: "", to: "hold", evidence: { name: "repo:octo/hello" } });
  await log({ issue: "octo.hello.2", to: "failed", evidence: { failure: "timeout", sinceBegunMs: 1 } });
  await log({ issue: "octo.hello.3", to: "blocked" });
  await log({ issue: "octo.hello.3", from: "blocked", to: "blocked" });
}

test("counts every event once, however many count at a time", async () => {
  await aDay();
  await Promise.all(Array.from({ length: 5 }, () => advanceLedger(server.redis)));
  await log({ issue: "octo.hello.4", to: "pr" });
  expect(await advanceLedger(server.redis)).toBe(1);
  expect(await advanceLedger(server.redis)).toBe(0);
  const totals = await readTotals(server.redis);
  expect(totals).toMatchObject({
    "outcome|pr": 2,
    "outcome|failed": 1,
    "outcome|blocked": 1,
    "failure|agent": 1,
    "failure|timeout": 1,
    "agents|exited": 2,
    "cost|large": 750_000,
    "cost|small": 2,
    "tokens|large|input": 200,
    "hold|repository": 1,
  });
  expect(summarize(totals)).toMatchObject({ costUsd: 0.750002, tokens: 508, agents: 2, successRate: 2 / 3 });
  expect(histogramOf("wait", totals)).toMatchObject({
    count: 1,
    sumMs: 4000,
    buckets: expect.arrayContaining([{ le: 5, count: 1 }]),
  });
  expect(histogramOf("run", totals).buckets.slice(0, 2)).toEqual([
    { le: 30, count: 0 },
    { le: 60, count: 2 },
  ]);
  expect(histogramOf("pr", totals)).toMatchObject({ count: 1, sumMs: 400_000 });
  const [before, today] = await readDays(server.redis, lastDays(2, Date.now()));
  expect(before).toEqual({});
  expect(today).toEqual({ ...totals, "pr|at|400": 1 });
});

test("counts more events than one batch has", async () => {
  for (let n = 0; n < 1200; n += 1) await log({ to: "pr" });
  expect(await advanceLedger(server.redis)).toBe(1200);
  expect(await readTotals(server.redis)).toMatchObject({ "outcome|pr": 1200 });
});

test("what cannot be read of an event is not counted", async () => {
  await log({ to: "agent", evidence: { run: "r", models: "[" } });
  await log({ to: "retrying", evidence: { failure: "of another version" } });
  await log({ to: "of another version" as "note" });
  await advanceLedger(server.redis);
  expect(await readTotals(server.redis)).toEqual({});
});

test("samples come back oldest first, the unreadable left out", async () => {
  const machine = { freeMemoryMb: 1, totalMemoryMb: 2, freeDiskGb: null, loadPerCore: 0.5, temperatureC: null };
  const sample = { waiting: 1, active: 2, delayed: 3, slots: 4, hosts: { pi: machine } };
  for (const at of [1, 2, 3]) await addSample(server.redis, { ...sample, at });
  await server.redis.xadd("tac8:samples", "*", "sample", "{");
  expect(await readSamples(server.redis, 3)).toEqual([
    { ...sample, at: 2 },
    { ...sample, at: 3 },
  ]);
});

test("days are those of this place, and each is one", () => {
  const days = lastDays(400, new Date(2026, 10, 25, 0, 1).getTime());
  expect(days.at(-1)).toBe("2026-11-25");
  expect(new Set(days).size).toBe(400);
  expect(dayOf(new Date(2026, 0, 2, 23, 59).getTime())).toBe("2026-01-02");
});

test("what an agent calls itself, and what it claims, stops nobody from counting", async () => {
  const models = [{ model: `\ud800${"x".repeat(500)}"`, ...figures, input: 1e300, costUsd: -1 }];
  await log({
    to: "agent",
    evidence: encodeAgentEvidence({ run: "r", cause: "\udfff", costUsd: 1, turns: 1, ms: 1e300, models }),
  });
  await log({ to: "pr" });
  expect(await advanceLedger(server.redis)).toBe(2);
  const totals = await readTotals(server.redis);
  const model = `\ufffd${"x".repeat(119)}`;
  expect(totals).toMatchObject({
    "outcome|pr": 1,
    "agents|\ufffd": 1,
    [`tokens|${model}|input`]: 1e14,
    [`cost|${model}`]: 0,
  });
});

test("remembers how the newest runs ended, each once", async () => {
  await aDay();
  await Promise.all(Array.from({ length: 3 }, () => advanceLedger(server.redis)));
  // retrying, pr, failed, blocked; not the answer to a question.
  expect((await readEnds(server.redis)).map(({ succeeded }) => succeeded)).toEqual([false, true, false, true]);
  expect((await readEnds(server.redis))[0]?.at).toBeGreaterThan(Date.now() - 60_000);
  for (let count = 0; count < 700; count += 1) void log({ to: "pr" });
  await log({ to: "failed", evidence: { failure: "agent" } });
  await advanceLedger(server.redis);
  const ends = await readEnds(server.redis);
  expect([ends.length, ends.filter(({ succeeded }) => succeeded).length, ends.at(-1)?.succeeded]).toEqual([
    100,
    99,
    false,
  ]);
  expect(Object.keys(await readTotals(server.redis))).not.toContain("ends");
});
