import { expect, test } from "vitest";
import { dollars, plural, short, span } from "./figures.ts";

test.each([
  [0, "0"],
  [999, "999"],
  [1000, "1k"],
  [12_345, "12.3k"],
  [999_949, "1000k"],
  [999_950, "1M"],
  [123_456_789, "123M"],
])("%i tokens are %s", (amount, expected) => {
  expect(short(amount)).toBe(expected);
});

test.each([
  [0, "$0"],
  [0.0042, "$0.0042"],
  [0.42, "$0.42"],
  [1234.5, "$1,235"],
])("%f dollars are %s", (amount, expected) => {
  expect(dollars(amount)).toBe(expected);
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
  expect(span(ms)).toBe(expected);
});

test("one and many", () => {
  expect([plural(1, "agent"), plural(1200, "reply", "replies")]).toEqual(["1 agent", "1,200 replies"]);
});
