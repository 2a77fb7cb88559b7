import { expect, test } from "vitest";
import { asCount } from "./json.ts";

test.each([
  [1.5, 1.5],
  [0, 0],
  [-5, 0],
  [Number.NaN, 0],
  [Infinity, 0],
  ["7", 0],
  [null, 0],
])("an agent that reports %s has a count of %d", (value, count) => {
  expect(asCount(value)).toBe(count);
});
