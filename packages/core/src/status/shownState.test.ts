import { expect, it } from "vitest";
import { shownState } from "./shownState.ts";

it.each([
  ["active", "queued", "running"],
  ["active", "failed", "running"],
  ["waiting", "failed", "queued"],
  ["prioritized", "running", "queued"],
  ["waiting", "retrying", "retrying"],
  ["delayed", "blocked", "blocked"],
  ["delayed", "running", "parked"],
  ["delayed", null, "parked"],
  ["completed", "stopped", "stopped"],
  ["completed", null, "pr"],
  ["failed", null, "failed"],
  ["failed", "running", "failed"],
] as const)("a job that is %s and was known as %s shows as %s", (job, known, shown) => {
  expect(shownState(job, known)).toBe(shown);
});
