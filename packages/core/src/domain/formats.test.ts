import { expect, it, test } from "vitest";
import {
  formatAge,
  formatCents,
  formatCount,
  formatDuration,
  formatRoughly,
  formatShort,
  formatUsd,
} from "./formats.ts";

test.each([
  [0, "0"],
  [999, "999"],
  [1000, "1k"],
  [12_345, "12.3k"],
  [999_949, "1000k"],
  [999_950, "1M"],
  [123_456_789, "123M"],
])("%i tokens are %s", (amount, expected) => {
  expect(formatShort(amount)).toBe(expected);
});

test.each([
  [0, "$0"],
  [0.0042, "$0.0042"],
  [0.05, "$0.0500"],
  [0.42, "$0.42"],
  [1234.5, "$1,235"],
])("%f dollars are %s", (amount, expected) => {
  expect(formatUsd(amount)).toBe(expected);
});

test.each([
  [-5, "0 s"],
  [7600, "8 s"],
  [59_499, "59 s"],
  [59_500, "1 min"],
  [60_000, "1 min"],
  [3_600_000, "1 h"],
  [3_900_000, "1 h 5 min"],
  [49 * 3_600_000, "2 d 1 h"],
])("%i ms are %s", (ms, expected) => {
  expect(formatRoughly(ms)).toBe(expected);
});

test("one and many", () => {
  expect([formatCount(1, "agent"), formatCount(1200, "reply", "replies")]).toEqual(["1 agent", "1,200 replies"]);
});

test("cents are always shown", () => {
  expect([0, 0.004, 1234.5].map(formatCents)).toEqual(["$0.00", "$0.00", "$1234.50"]);
});

it.each([
  [0, "0 s"],
  [59_499, "59 s"],
  [59_500, "1 min 0 s"],
  [200_000, "3 min 20 s"],
  [3_599_600, "1 h 0 min"],
  [3_900_000, "1 h 5 min"],
])("%i ms is %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

it("says an age in one unit", () => {
  const [s, min, h] = [1000, 60_000, 3_600_000];
  expect([-s, 0, 59 * s, 60 * s, 59 * min, 90 * min, 47 * h, 48 * h].map(formatAge)).toEqual([
    "0 s",
    "0 s",
    "59 s",
    "1 min",
    "59 min",
    "1 h",
    "47 h",
    "2 d",
  ]);
});
