import { expect, test } from "vitest";
import { fieldTest } from "../testing/fieldTest.fixture.ts";
import { planBudget, whySpent, type Budget } from "./budget.ts";

const day: Budget = { day: "2026-11-25", start: 0, until: 100, maxUsd: 20, maxRuns: 0, lifted: false };

test.each<[string, Partial<Budget>, { usd: number; runs: number }, string | null]>([
  ["below", {}, { usd: 19.99, runs: 500 }, null],
  ["at the limit", {}, { usd: 20, runs: 1 }, "today's budget is used up: $20.00 of $20.00 (llm.max_usd_per_day)"],
  ["no limit", { maxUsd: 0 }, { usd: 1e6, runs: 1e6 }, null],
  [
    "all runs",
    { maxUsd: 0, maxRuns: 3 },
    { usd: 0, runs: 3 },
    "today's budget is used up: 3 of 3 agent runs (llm.max_runs_per_day)",
  ],
  ["lifted", { lifted: true }, { usd: 100, runs: 1 }, null],
])("%s", (_name, change, spent, why) => {
  expect(whySpent({ ...day, ...change }, spent)).toBe(why);
});

fieldTest("E13", "the hold follows the budget, both ways", () => {
  const over = { usd: 21, runs: 0 };
  expect(planBudget(day, over, null)).toMatchObject({ do: "set" });
  expect(planBudget(day, over, { until: 100 })).toEqual({ do: "nothing" });
  // A runner's clock, or yesterday's.
  expect(planBudget(day, over, { until: 90 })).toMatchObject({ do: "set" });
  expect(planBudget({ ...day, maxUsd: 30 }, over, { until: 100 })).toEqual({ do: "clear" });
  expect(planBudget({ ...day, lifted: true }, over, { until: 100 })).toEqual({ do: "clear" });
  expect(planBudget({ ...day, lifted: true }, over, null)).toEqual({ do: "nothing" });
});
