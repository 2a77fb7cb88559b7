import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { encodeAgentEvidence } from "../domain/agentEvidence.ts";
import { midnightsOf } from "../domain/days.ts";
import { advanceLedger } from "./store.ts";
import { fieldTest } from "../testing/fieldTest.fixture.ts";
import { countAgentRun, readSpent, uncountAgentRun } from "./agentRuns.ts";
import { budgetOfDay, liftBudget, publishBudget, readBudget } from "../state/budget.ts";
import { appendFormer } from "../testing/formerEvents.fixture.ts";
import { startTestRedis, type TestRedis } from "../state/redisServer.fixture.ts";

const NO_LIMITS = { maxUsd: 0, maxRuns: 0 };
let server: TestRedis;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.close());
beforeEach(() => server.redis.flushall());

async function spend(costUsd: number): Promise<void> {
  const figures = { model: "sonnet", input: 1, output: 1, cacheRead: 0, cacheWrite: 0, costUsd };
  const evidence = encodeAgentEvidence({ run: "r", cause: "exited", costUsd, turns: 1, ms: 1, models: [figures] });
  await appendFormer(server.redis, { issue: "o.r.1", from: "running", to: "agent", by: "pi", reason: "", evidence });
}

async function begin(limits = NO_LIMITS, now = Date.now()): Promise<{ reason: string; until: number } | null> {
  const answer = await countAgentRun(server.redis, limits, now);
  return answer.kind === "begun" ? null : { reason: answer.reason, until: answer.until };
}

fieldTest(
  "E13",
  "an ended agent run counts immediately, before the ledger has counted it, and once after that",
  async () => {
    const limits = { maxUsd: 5, maxRuns: 0 };
    const now = Date.now();
    await publishBudget(server.redis, budgetOfDay(limits, now));
    await spend(2);
    expect(await begin()).toBeNull();
    await advanceLedger(server.redis);
    await spend(2.5);
    expect(await begin()).toBeNull();
    expect(await readSpent(server.redis, budgetOfDay(limits, now))).toEqual({ usd: 4.5, runs: 2 });
    await spend(0.5);
    const { until } = midnightsOf(now);
    expect(await begin()).toEqual({ reason: expect.stringContaining("$5.00 of $5.00"), until });
    await advanceLedger(server.redis);
    expect(await begin()).toMatchObject({ until });
  },
);

fieldTest("E13", "of fifty runners that ask at once no more begin than the day allows", async () => {
  await publishBudget(server.redis, budgetOfDay({ maxUsd: 0, maxRuns: 7 }, Date.now()));
  const answers = await Promise.all(Array.from({ length: 50 }, () => begin()));
  expect(answers.filter((answer) => answer === null)).toHaveLength(7);
  expect(answers.find((answer) => answer !== null)?.reason).toBe(
    "today's budget is used up: 7 of 7 agent runs (llm.max_runs_per_day)",
  );
});

fieldTest("E13", "the next day begins at the scheduler's midnight, with nothing spent", async () => {
  const today = budgetOfDay({ maxUsd: 1, maxRuns: 1 }, Date.now());
  await publishBudget(server.redis, today);
  await spend(3);
  expect(await begin()).not.toBeNull();
  expect(await begin(NO_LIMITS, today.until - 1)).not.toBeNull();
  // The scheduler is offline: its limits continue counting.
  expect(await begin(NO_LIMITS, today.until)).toBeNull();
  expect(await begin(NO_LIMITS, today.until + 1)).toMatchObject({ reason: expect.stringContaining("1 of 1") });
});

it("a user lifts it for the rest of the day, and no longer", async () => {
  const today = budgetOfDay({ maxUsd: 0, maxRuns: 1 }, Date.now());
  await publishBudget(server.redis, today);
  expect([await begin(), (await begin()) === null]).toEqual([null, false]);
  await liftBudget(server.redis, Date.now());
  expect([await begin(), await begin()]).toEqual([null, null]);
  expect(await readSpent(server.redis, today)).toMatchObject({ runs: 3 });
  expect((await readBudget(server.redis, NO_LIMITS, today.until)).lifted).toBe(false);
});

it("a run that did not get as far as the model is given back, and never more than there were", async () => {
  const today = budgetOfDay({ maxUsd: 0, maxRuns: 1 }, Date.now());
  await publishBudget(server.redis, today);
  expect([await begin(), (await begin()) === null]).toEqual([null, false]);
  await Promise.all([1, 2, 3].map(() => uncountAgentRun(server.redis, today.day)));
  expect(await readSpent(server.redis, today)).toMatchObject({ runs: 0 });
  expect([await begin(), (await begin()) === null]).toEqual([null, false]);
});

it("before any scheduler has published a budget a runner's own limits count; what is broken is as good as absent", async () => {
  expect(await begin({ maxUsd: 0, maxRuns: 1 })).toBeNull();
  expect(await begin({ maxUsd: 0, maxRuns: 1 })).not.toBeNull();
  await server.redis.hset("tac8:budget", "published", "{");
  expect(await begin({ maxUsd: 0, maxRuns: 1 })).not.toBeNull();
  expect(await begin()).toBeNull();
});
