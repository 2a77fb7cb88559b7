import { expect, it } from "vitest";
import { judge, type Snapshot } from "./health.ts";
import { renderHealth } from "./renderHealth.ts";

const now = new Date(2026, 10, 22, 13, 5, 22).getTime();
const given = { redis: "127.0.0.1:6379", now, pollSeconds: 30 };
const well: Snapshot = {
  scheduler: { at: now, lastPollAt: now - 4000, error: null },
  runners: [
    { name: "pi-1", at: now - 1000, host: "pi", pid: 1, slots: 3, busy: 2 },
    { name: "old", at: now - 60_000, host: "pi", pid: 2, slots: 3, busy: 3 },
  ],
  counts: { waiting: 1, prioritized: 2, active: 2, delayed: 1, completed: 8, failed: 1 },
  paused: false,
  holds: [],
  events: [],
};

it("leaves out runners that are gone and holds that have ended", () => {
  const hold = { name: "auth", reason: "401", by: "runner", since: now - 9, until: now - 1 };
  const health = judge({ ...well, holds: [hold] }, given);
  expect(health).toMatchObject({ ok: true, runners: { slots: 3, busy: 2 }, queue: { waiting: 3 }, holds: [] });
});

it.each([
  ["no scheduler", { scheduler: null }],
  ["no poll yet", { scheduler: { at: now, lastPollAt: null, error: "502" } }],
  ["an old poll", { scheduler: { at: now, lastPollAt: now - 90_001, error: "502" } }],
  ["no runner", { runners: [] }],
])("is not well with %s", (_, part) => {
  expect(judge({ ...well, ...part }, given).ok).toBe(false);
});

it("shows all in one look, in 80 columns", () => {
  const snapshot: Snapshot = {
    ...well,
    paused: true,
    holds: [
      { name: "usage-limit", reason: "limit reached", by: "runner pi-1/0", since: now, until: now + 3_600_000 },
      { name: "operator", reason: "paused", by: "tac8", since: now, until: null },
    ],
    events: [
      {
        id: "1-0",
        at: new Date(now).toISOString(),
        issue: "octo.hello.3",
        from: "running",
        to: "failed",
        by: "runner pi-1/0",
        reason: "the tests \u001b[31mfail, and this is a long story about it",
        evidence: {},
      },
    ],
  };
  const lines = renderHealth(judge(snapshot, given), { now, width: 80, paint: (_, text) => text });
  expect(lines).toEqual([
    "Redis      127.0.0.1:6379",
    "Scheduler  asked GitHub 4 s ago",
    "Runners    pi-1: 2 of 3 slots busy",
    "Queue      3 waiting, 2 active, 1 parked, 8 done, 1 failed; paused",
    "Holds      usage-limit, until 14:05: limit reached",
    "           operator, until it is resumed: paused",
    "",
    "Last events",
    "  13:05:22  octo/hello#3 running → failed: the tests fail, and this is a long s…",
  ]);
});
