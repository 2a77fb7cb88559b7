import { expect, it } from "vitest";
import { taskResult, verdict } from "./results.mjs";

const report = { numPassedTests: 5, numFailedTests: 0, numPendingTests: 1, numTodoTests: 1 };

it.each([
  ["a static check that passed", { task: "lint", exit: 0, report: null }, { passed: 1, failed: 0, skipped: 0 }],
  ["a static check that failed", { task: "lint", exit: 1, report: null }, { passed: 0, failed: 1, skipped: 0 }],
  ["a check that never ran", { task: "lint", exit: undefined, report: null }, { passed: 0, failed: 1, skipped: 0 }],
  ["tests that passed", { task: "test:int", exit: 0, report }, { passed: 5, failed: 0, skipped: 2 }],
  [
    "failed tests",
    { task: "test:int", exit: 1, report: { ...report, numFailedTests: 2 } },
    { passed: 5, failed: 2, skipped: 2 },
  ],
  ["a file that cannot be read", { task: "test:int", exit: 1, report }, { passed: 5, failed: 1, skipped: 2 }],
  ["no report", { task: "test:int", exit: 0, report: null }, { passed: 0, failed: 1, skipped: 0 }],
])("counts %s", (_name, run, expected) => {
  expect(taskResult(run)).toEqual({ task: run.task, ...expected });
});

it("says what failed, in one line", () => {
  const results = [
    { task: "types", passed: 1, failed: 0, skipped: 0 },
    { task: "test:int", passed: 5, failed: 1, skipped: 2 },
  ];
  expect(verdict(results)).toEqual({ failed: 1, line: "6 passed, 1 failed, 2 skipped, see test:int" });
});
