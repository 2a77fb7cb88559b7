import { expect, test } from "vitest";
import { fieldTest } from "../testing/fieldTest.fixture.ts";
import {
  countBrokenOff,
  MAX_BROKEN_OFF_IN_A_ROW,
  MAX_LOST_IN_A_ROW,
  MAX_UNCHANGED_IN_A_ROW,
  NOT_BROKEN_OFF,
  tooOften,
  type RunProgress,
} from "./brokenOff.ts";

const after = (...runs: RunProgress[]) => runs.reduce(countBrokenOff, NOT_BROKEN_OFF);
const times = (count: number, progress: RunProgress): RunProgress[] => Array.from({ length: count }, () => progress);

fieldTest("F1", "only runs without progress count as lost", () => {
  expect(after("none", "none")).toEqual({ lost: 2, unchanged: 2, brokenOff: 2 });
  expect(after("none", "none", "steps")).toEqual({ lost: 0, unchanged: 3, brokenOff: 3 });
  expect(after("none", "steps", "changes")).toEqual({ lost: 0, unchanged: 0, brokenOff: 3 });
  expect(tooOften(after(...times(MAX_BROKEN_OFF_IN_A_ROW - 1, "changes")), "lost")).toBeNull();
  expect(tooOften(after("none", "none", "steps", "none", "none"), "lost")).toBeNull();
});

test("runs without any progress end the issue, and the reason says how the runner ended", () => {
  expect(tooOften(after(...times(MAX_LOST_IN_A_ROW - 1, "none")), "lost")).toBeNull();
  const counts = after(...times(MAX_LOST_IN_A_ROW, "none"));
  expect(tooOften(counts, "lost")).toMatch(/runner was lost 3 times in a row .* without progress/);
  expect(tooOften(counts, "requeued")).toMatch(/runner ended 3 times in a row while the agent was running/);
});

test("steps that never change anything are bounded too", () => {
  expect(tooOften(after(...times(MAX_UNCHANGED_IN_A_ROW - 1, "steps")), "requeued")).toBeNull();
  const reason = tooOften(after(...times(MAX_UNCHANGED_IN_A_ROW, "steps")), "requeued");
  expect(reason).toMatch(/ended 6 times in a row .* without a change/);
});

test("an agent that changes a file and ends its runner each time is bounded as well", () => {
  const reason = tooOften(after(...times(MAX_BROKEN_OFF_IN_A_ROW, "changes")), "requeued");
  expect(reason).toMatch(/ended 20 times in a row while the agent was running$/);
});
