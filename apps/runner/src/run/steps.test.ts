import { expect, test } from "vitest";
import { finishesCall, isStep } from "./steps.ts";

test.each([
  ["init", false, false],
  ["thinking", false, false],
  ["tool", false, false],
  ["notice", false, false],
  ["output", false, false],
  ["text", true, false],
  ["result", true, false],
  ["tool-result", true, true],
  ["todo", true, true],
] as const)("%s: a step %s, a finished call %s", (kind, step, call) => {
  expect([isStep({ kind }), finishesCall({ kind })]).toEqual([step, call]);
});

test("an error of the model's API is no answer, a command that failed is a finished call", () => {
  expect(isStep({ kind: "text", isError: true })).toBe(false);
  expect(isStep({ kind: "result", isError: true })).toBe(false);
  expect(isStep({ kind: "tool-result", isError: true })).toBe(true);
});
