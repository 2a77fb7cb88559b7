import { expect, test } from "vitest";
import { planReplay, type ReplayPlan, type ReplayReason } from "./replayPlan.ts";

test.each<[ReplayReason, ReplayPlan]>([
  [
    { why: "branch moved", theirs: "t", base: "b" },
    { exclude: ["t", "b"], onto: "t" },
  ],
  [
    { why: "branch moved", theirs: "t", base: null },
    { exclude: ["t"], onto: "t" },
  ],
  [
    { why: "left its branch", tip: "t" },
    { exclude: ["t"], onto: "t" },
  ],
  [
    { why: "rewrote theirs", theirs: "t" },
    { exclude: ["t"], onto: "t" },
  ],
  [
    { why: "overtaken", theirs: "t", from: "f" },
    { exclude: ["f"], onto: "t" },
  ],
  [
    { why: "merged", merged: "m", base: "b" },
    { exclude: ["m"], onto: "b" },
  ],
])("%j", (reason, plan) => {
  expect(planReplay(reason)).toEqual(plan);
});
