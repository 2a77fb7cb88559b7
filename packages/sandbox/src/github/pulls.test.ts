import { expect, it } from "vitest";
import { fixedNumbers } from "./pulls.ts";

it.each([
  ["Fixes #471", [471]],
  ["closes: #1 and RESOLVED #2", [1, 2]],
  ["prefixes #3, fixing #4, #5", []],
  ["`Fixes #6` <!-- Fixes #7 --> <!-- Fixes #8", []],
  ["```\nFixes #9\n```\nFix #10", [10]],
  ["~~~\nFixes #11", []],
])("%j fixes %j", (body, numbers) => {
  expect(fixedNumbers(body)).toEqual(numbers);
});
