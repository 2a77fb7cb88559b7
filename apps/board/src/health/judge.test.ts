import { expect, test } from "vitest";
import { RUNNER_GONE_MS } from "@tac8/core/state/presence";
import { judgeHealth, type HealthSnapshot } from "./judge.ts";

const NOW = 1_000_000_000;
const runner = (at: number) => ({ name: `r${at}`, at, host: "h", pid: 1, slots: 3, busy: 1 });
const polled = (lastPollAt: number | null, error: string | null = null) => ({ at: NOW, lastPollAt, error });
const resting = (at: number, restUntil: number) => ({ ...polled(NOW - 7_200_000, "rate limit"), at, restUntil });
const GOOD: HealthSnapshot = {
  redis: true,
  scheduler: polled(NOW - 1000),
  runners: [runner(NOW)],
  pollIntervalSeconds: 30,
};

type Oks = readonly [all: boolean, redis: boolean, scheduler: boolean, runners: boolean];
const CASES: readonly (readonly [string, Partial<HealthSnapshot>, Oks])[] = [
  ["all well", {}, [true, true, true, true]],
  ["Redis away", { redis: false }, [false, false, false, false]],
  ["no scheduler", { scheduler: null }, [false, true, false, true]],
  ["never polled", { scheduler: polled(null) }, [false, true, false, true]],
  ["polled 90 s ago", { scheduler: polled(NOW - 90_000) }, [true, true, true, true]],
  ["polled longer ago", { scheduler: polled(NOW - 90_001) }, [false, true, false, true]],
  [
    "a slow poll may be older",
    { scheduler: polled(NOW - 300_000), pollIntervalSeconds: 100 },
    [true, true, true, true],
  ],
  ["but not for ever", { scheduler: polled(NOW - 300_001), pollIntervalSeconds: 100 }, [false, true, false, true]],
  ["a rate limit's wait", { scheduler: resting(NOW - 1000, NOW + 3_600_000) }, [true, true, true, true]],
  ["just after it", { scheduler: resting(NOW - 1000, NOW - 90_000) }, [true, true, true, true]],
  ["and no poll since", { scheduler: resting(NOW - 1000, NOW - 90_001) }, [false, true, false, true]],
  ["gone while it waited", { scheduler: resting(NOW - 90_001, NOW + 3_600_000) }, [false, true, false, true]],
  ["one failed poll", { scheduler: polled(NOW - 40_000, "502") }, [true, true, true, true]],
  ["a clock that is ahead", { scheduler: polled(NOW + 5000), runners: [runner(NOW + 5000)] }, [true, true, true, true]],
  ["no runner", { runners: [] }, [false, true, true, false]],
  ["a runner just there", { runners: [runner(NOW - RUNNER_GONE_MS)] }, [true, true, true, true]],
  ["a runner gone", { runners: [runner(NOW - RUNNER_GONE_MS - 1)] }, [false, true, true, false]],
];

test.each(CASES)("%s", (_name, change, expected) => {
  const health = judgeHealth({ ...GOOD, ...change }, NOW);
  expect([health.ok, health.redis.ok, health.scheduler.ok, health.runners.ok]).toEqual(expected);
});

test("says why, and counts present runners only", () => {
  const runners = [runner(NOW), runner(NOW - 1), runner(0)];
  expect(judgeHealth({ ...GOOD, runners }, NOW).runners).toEqual({ ok: true, present: 2, slots: 6, busy: 2 });
  expect(judgeHealth({ ...GOOD, scheduler: polled(NOW, "502 from GitHub") }, NOW).scheduler.error).toBe(
    "502 from GitHub",
  );
  expect(judgeHealth({ ...GOOD, scheduler: polled(0) }, NOW).scheduler.error).toMatch(/too long/);
  expect(judgeHealth({ ...GOOD, redis: false }, NOW).scheduler.error).toMatch(/Redis/);
});
