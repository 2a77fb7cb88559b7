import { expect, test } from "vitest";
import { countImmediateStarts, type QueueFacts } from "./idleRunners.ts";

const runner = { slots: 2, busy: 0 };
const IDLE: QueueFacts = { runners: [runner], waiting: 0, active: 0, isHeld: false, maxRuns: 0 };
const pause = { by: "an operator", reason: "", since: "2026-01-01T00:00:00Z" };

test.each<[string, Partial<QueueFacts>, number]>([
  ["an idle runner", {}, 2],
  ["no runner", { runners: [] }, 0],
  [
    "busy ones",
    {
      runners: [
        { ...runner, busy: 1 },
        { ...runner, busy: 2 },
      ],
    },
    1,
  ],
  ["more jobs than a limit that has fallen", { runners: [{ ...runner, busy: 2, limit: 1 }, runner] }, 2],
  ["one with a reduced limit", { runners: [{ ...runner, limit: 1 }] }, 1],
  ["one whose host is overloaded", { runners: [{ ...runner, tired: "its disk is full" }] }, 0],
  ["a paused one", { runners: [{ ...runner, paused: pause as never }] }, 0],
  ["others that wait", { waiting: 1 }, 0],
  [
    "jobs that have started since the runner announced itself",
    { runners: [{ ...runner, busy: 1 }, runner], active: 3 },
    1,
  ],
  ["more of them than slots", { active: 3 }, 0],
  ["a held queue", { isHeld: true }, 0],
  ["a limit of runs", { runners: [{ ...runner, slots: 9, busy: 1 }], active: 1, maxRuns: 3 }, 2],
  ["a limit that is reached", { active: 3, maxRuns: 3 }, 0],
])("%s: the number of new jobs that start immediately", (_what, change, count) => {
  expect(countImmediateStarts({ ...IDLE, ...change })).toBe(count);
});
