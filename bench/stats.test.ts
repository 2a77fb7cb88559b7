import { describe, expect, test } from "vitest";
import { median, ratioOf, summarize } from "./stats.ts";

describe("median", () => {
  test.each([
    { values: [3], expected: 3 },
    { values: [9, 1, 5], expected: 5 },
    { values: [4, 1, 3, 2], expected: 2.5 },
    { values: [10, 9, 100], expected: 10 },
  ])("of $values is $expected", ({ values, expected }) => {
    expect(median(values)).toBe(expected);
  });

  test("does not change the order of the samples", () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  test("of nothing is an error", () => {
    expect(() => median([])).toThrow("no samples");
  });
});

test("a summary has the spread and the number of samples", () => {
  expect(summarize([5, 1, 9])).toEqual({ median: 5, min: 1, max: 9, samples: 3 });
});

describe("ratioOf", () => {
  test("divides samples in pairs, so a slow moment affects both", () => {
    expect(ratioOf([20, 40, 22], [10, 20, 10])).toEqual({ median: 2, min: 2, max: 2.2, samples: 3 });
  });

  test("divides the medians if the numbers of samples differ", () => {
    expect(ratioOf([20, 30, 40], [10])).toEqual({ median: 3, min: 2, max: 4, samples: 1 });
  });

  test("has the widest spread if the numbers of samples differ", () => {
    expect(ratioOf([20, 30, 40], [10, 20])).toEqual({ median: 2, min: 1, max: 4, samples: 2 });
  });

  test("is null for a floor of 0", () => {
    expect(ratioOf([1, 1], [0, 1])).toBeNull();
  });
});
