import { afterEach, beforeEach, expect } from "vitest";
import { countAgentRun } from "@tac8/core/ledger/agentRuns";
import { readHolds } from "@tac8/core/state/holds";
import { endHold } from "@tac8/core/state/pause";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { createBudget } from "./budget.ts";
import { createHarness, type Harness } from "./harness.fixture.ts";
import { reconcileHolds } from "./holds.ts";
import { createWaker } from "./wake.ts";

let at: Harness;
beforeEach(async () => {
  at = await createHarness();
});
afterEach(() => at.close());

function scheduler(maxRuns: number): () => Promise<void> {
  const { redis, queue, config } = at;
  const { log, now } = at.services;
  const llm = { ...config.llm, max_usd_per_day: 0, max_runs_per_day: maxRuns };
  const budget = createBudget({ config: { llm }, redis, log, now });
  const wake = createWaker({ redis, queue, log, now });
  return async () => {
    await budget();
    await reconcileHolds({ redis, queue, log, now: now() });
    await wake();
  };
}

const holds = async () => (await readHolds(at.redis)).map(({ name, reason }) => `${name}: ${reason}`);
async function begin(): Promise<string | null> {
  const answer = await countAgentRun(at.redis, { maxUsd: 0, maxRuns: 0 }, at.services.now());
  return answer.kind === "begun" ? null : answer.reason;
}
const HELD = ["budget: today's budget is used up: 2 of 2 agent runs (llm.max_runs_per_day)"];

async function useUp(round: () => Promise<void>): Promise<void> {
  await round();
  expect(await begin()).toBeNull();
  expect(await begin()).toBeNull();
  expect(await begin()).not.toBeNull();
  await round();
  expect([await holds(), await at.queue.isPaused()]).toEqual([HELD, true]);
}

fieldTest("E13", "a used-up budget holds the queue until midnight, then it resumes", async () => {
  const round = scheduler(2);
  const number = at.openIssue();
  await at.poll();
  const taken = await at.take();
  await useUp(round);
  await taken.park("parked", { "end.failure": "budget", "job.hold": "budget" });
  const [hold] = await readHolds(at.redis);
  const midnight = new Date(at.services.now());
  midnight.setHours(24, 0, 0, 0);
  expect(hold?.until).toBe(midnight.getTime());
  at.advance(midnight.getTime() - at.services.now() + 1);
  await round();
  expect([await holds(), await at.queue.isPaused(), await at.statusOf(number)]).toEqual([
    [],
    false,
    "prioritized:parked",
  ]);
  expect(await begin()).toBeNull();
});

fieldTest("E13", "a higher limit ends the hold, and so does an operator, for the rest of the day", async () => {
  await useUp(scheduler(2));
  const raised = scheduler(3);
  await raised();
  expect([await holds(), await at.queue.isPaused()]).toEqual([[], false]);
  const back = scheduler(2);
  await back();
  expect(await holds()).toEqual(HELD);
  await endHold(at.redis, { name: "budget", by: "ann@pi", now: at.services.now() });
  await back();
  expect([await holds(), await begin()]).toEqual([[], null]);
});
