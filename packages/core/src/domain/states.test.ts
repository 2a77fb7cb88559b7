import { expect, it } from "vitest";
import { CHECKPOINTS, isEnded, ISSUE_STATES, reached } from "./states.ts";

it("an ended issue is one that nobody works on any more", () => {
  const ended = ISSUE_STATES.filter((state) => isEnded(state));
  expect(ended).toEqual(["pr", "answered", "stopped", "cancelled", "failed", "withdrawn", "expired"]);
  expect(isEnded(null)).toBe(false);
});

it("a checkpoint is reached by itself and by those after it", () => {
  for (const [at, one] of CHECKPOINTS.entries()) {
    expect(CHECKPOINTS.filter((wanted) => reached(one, wanted))).toEqual(CHECKPOINTS.slice(0, at + 1));
  }
});
