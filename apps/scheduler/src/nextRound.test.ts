import { expect, test } from "vitest";
import { untilNextRound } from "./nextRound.ts";

test.each([
  [10_000, 2000, 2000],
  [10_300, 2000, 1700],
  [10_900, 2000, 1100],
  [11_100, 2000, 2900],
  [11_995, 2000, 2005], // A timer that fired 5 ms early.
])("at %d ms, every %d ms: in %d ms", (now, everyMs, expected) => {
  expect(untilNextRound(now, everyMs)).toBe(expected);
});
