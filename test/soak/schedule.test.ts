import { expect, test } from "vitest";
import { buildSchedule } from "./schedule.ts";

test("the same seed plans the same soak, and another seed plans another one", () => {
  const first = buildSchedule({ seed: 1, issues: 40 });
  expect(buildSchedule({ seed: 1, issues: 40 })).toEqual(first);
  expect(buildSchedule({ seed: 2, issues: 40 }).hash).not.toBe(first.hash);
});
