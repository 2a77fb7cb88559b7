import { expect, test } from "vitest";
import type { Health, Reason } from "@tac8/core/domain/healthLevels";
import { CALM_MS, planEvaluation } from "./planEvaluation.ts";
import type { HealthEvaluation } from "@tac8/core/state/healthEvaluation";

const NOW = 1_764_000_000_000;
const reason = (level: Reason["level"], code: string, action: Reason["action"] = null): Reason => ({
  level,
  code,
  text: `${code} is wrong`,
  action,
  host: null,
});
const OK: Health = { level: "ok", reasons: [] };
const FULL: Health = { level: "critical", reasons: [reason("critical", "redis-memory", "hold")] };
const WARNED: Health = { level: "warning", reasons: [reason("warning", "lag:a")] };
const SLOW: Health = { level: "degraded", reasons: [reason("degraded", "disk:a", "slow")] };
const NO_RUNNER: Health = { level: "critical", reasons: [reason("critical", "no-runner")] };
const reported = (health: Health, change: Partial<HealthEvaluation> = {}): HealthEvaluation => ({
  ...health,
  reasons: [...health.reasons],
  at: NOW - 3000,
  since: NOW - 9000,
  calmSince: null,
  ...change,
});
const long = NOW - CALM_MS;

type Row = readonly [
  name: string,
  health: Health,
  before: HealthEvaluation | null,
  held: boolean,
  hold: string | null,
  news: string | null,
];
const ROWS: readonly Row[] = [
  ["still ok", OK, reported(OK), false, null, null],
  ["the first check, ok", OK, null, false, null, null],
  ["the first check, degraded", SLOW, null, false, null, "health: ok → degraded; disk:a is wrong"],
  ["harm begins", FULL, reported(OK), false, "set", "health: ok → critical; redis-memory is wrong"],
  ["harm continues", FULL, reported(FULL), true, null, null],
  ["an operator removed the hold, harm continues", FULL, reported(FULL), false, "set", null],
  [
    "critical without harm holds nothing",
    NO_RUNNER,
    reported(OK),
    false,
    null,
    "health: ok → critical; no-runner is wrong",
  ],
  ["harm is over: it waits", OK, reported(FULL), true, null, "health: critical → ok"],
  ["calm for a while", OK, reported(OK, { calmSince: long + 1 }), true, null, null],
  ["calm for long enough", OK, reported(OK, { calmSince: long }), true, "clear", null],
  ["calm, but slow", SLOW, reported(SLOW, { calmSince: long }), true, "clear", null],
  [
    "harm returns in between",
    FULL,
    reported(OK, { calmSince: long }),
    true,
    null,
    "health: ok → critical; redis-memory is wrong",
  ],
  ["a hold of an earlier scheduler", OK, null, true, null, null],
  [
    "one warning instead of another is no news",
    WARNED,
    reported({ level: "warning", reasons: [reason("warning", "x")] }),
    false,
    null,
    null,
  ],
];

test.each(ROWS)("%s", (_name, health, before, held, hold, news) => {
  const plan = planEvaluation({ health, before, held, now: NOW });
  expect([plan.hold, plan.news]).toEqual([hold, news]);
  expect(plan.evaluation).toMatchObject({ ...health, at: NOW });
});

test("reports since when the level is the same, and since when no check requires the hold", () => {
  const plan = (health: Health, before: HealthEvaluation | null, held = true) =>
    planEvaluation({ health, before, held, now: NOW }).evaluation;
  expect(plan(OK, reported(OK)).since).toBe(NOW - 9000);
  expect(plan(SLOW, reported(OK)).since).toBe(NOW);
  expect(plan(OK, reported(FULL)).calmSince).toBe(NOW);
  expect(plan(OK, reported(OK, { calmSince: NOW - 5 })).calmSince).toBe(NOW - 5);
  expect(plan(OK, reported(OK, { calmSince: long })).calmSince).toBeNull();
  expect(plan(OK, reported(OK), false).calmSince).toBeNull();
});

test("a long list of reasons is shortened", () => {
  const many = { level: "warning", reasons: ["a", "b", "c", "d", "e"].map((code) => reason("warning", code)) } as const;
  const { news } = planEvaluation({ health: many, before: null, held: false, now: NOW });
  expect(news).toBe("health: ok → warning; a is wrong; b is wrong; c is wrong; and 2 more");
});
