import { expect, it } from "vitest";
import { taskResult, conclusion } from "./results.mjs";

const report = { numPassedTests: 5, numFailedTests: 0, numPendingTests: 1, numTodoTests: 1 };
const file = {
  name: "/x/a.test.ts",
  status: "failed",
  assertionResults: [
    { status: "failed", fullName: "group works", failureMessages: ["Error: no\n    at a.ts:1"] },
    { status: "passed", fullName: "group is fine", failureMessages: [] },
  ],
};
const unread = { name: "/x/b.test.ts", status: "failed", message: "Error: cannot be read\n", assertionResults: [] };

it.each([
  [
    "a static check that passed",
    { task: "lint", exit: 0, report: null },
    { passed: 1, failed: 0, skipped: 0, failures: [] },
  ],
  [
    "a static check that failed",
    { task: "lint", exit: 1, report: null },
    { passed: 0, failed: 1, skipped: 0, failures: ["lint failed"] },
  ],
  [
    "a check that never ran",
    { task: "lint", exit: undefined, report: null },
    { passed: 0, failed: 1, skipped: 0, failures: ["lint failed"] },
  ],
  ["tests that passed", { task: "test:int", exit: 0, report }, { passed: 5, failed: 0, skipped: 2, failures: [] }],
  [
    "failed tests",
    { task: "test:int", exit: 1, report: { ...report, numFailedTests: 2, testResults: [file, unread] } },
    {
      passed: 5,
      failed: 2,
      skipped: 2,
      failures: ["test:int: a.test.ts: group works: Error: no", "test:int: b.test.ts: Error: cannot be read"],
    },
  ],
  [
    "a file that cannot be read",
    { task: "test:int", exit: 1, report },
    { passed: 5, failed: 1, skipped: 2, failures: ["test:int failed"] },
  ],
  [
    "no report",
    { task: "test:int", exit: 0, report: null },
    { passed: 0, failed: 1, skipped: 0, failures: ["test:int failed"] },
  ],
])("counts %s", (_name, run, expected) => {
  expect(taskResult(run)).toEqual({ task: run.task, ...expected });
});

it("says what failed, in one line", () => {
  const results = [
    { task: "types", passed: 1, failed: 0, skipped: 0, failures: [] },
    { task: "test:int", passed: 5, failed: 1, skipped: 2, failures: ["test:int: a.test.ts: works: no"] },
  ];
  expect(conclusion(results)).toEqual({
    failed: 1,
    failures: ["test:int: a.test.ts: works: no"],
    line: "6 passed, 1 failed, 2 skipped, see test:int",
  });
});
