import { expect, test } from "vitest";
import { hasEffects } from "./messageEffects.ts";

test.each([
  ["feat: add it", false],
  ["fix: crash\n\nFixes #471", false],
  ["fix: crash\n\nFixes #471, fixes #4711", true],
  ["Fixes #1", true],
  ["closes octo/widgets#2", true],
  ["Thanks @angular", true],
  ["Co-authored-by: Ann <ann@example.com>", false],
  ["see #1 and https://github.com/octo/widgets/issues/1", false],
])("%j has effects: %s", (message, does) => {
  expect(hasEffects(message, 471)).toBe(does);
});
