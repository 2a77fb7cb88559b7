import { expect, test } from "vitest";
import { isStep } from "./steps.ts";

test.each([
  ["init", false],
  ["thinking", false],
  ["tool", false],
  ["notice", false],
  ["output", false],
  ["text", true],
  ["result", true],
  ["tool-result", true],
  ["todo", true],
] as const)("%s: a step %s", (kind, step) => {
  expect(isStep({ kind })).toBe(step);
});

test("an error of the model's API is no answer, but a failed command is a finished call", () => {
  expect(isStep({ kind: "text", isError: true })).toBe(false);
  expect(isStep({ kind: "result", isError: true })).toBe(false);
  expect(isStep({ kind: "tool-result", isError: true })).toBe(true);
});
