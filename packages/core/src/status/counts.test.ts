import { expect, test } from "vitest";
import { agentRunsOf, attemptsBegun } from "./counts.ts";

test.each([
  ["prioritized", "queued", 0, 0],
  ["active", "running", 0, 1],
  ["active", "running", 1, 2],
  ["delayed", "retrying", 1, 1],
  ["delayed", "blocked", 0, 1], // It continues in the same attempt.
  ["delayed", "parked", 0, 0],
  ["completed", "pr", 1, 1],
  ["failed", "failed", 3, 3],
] as const)("a job that is %s, of an issue that is %s, %i made: %i attempts have begun", (job, state, made, begun) => {
  expect(attemptsBegun({ state: job, attemptsMade: made }, { state })).toBe(begun);
});

test("runs are those of all rounds", () => {
  const run = { run: "r", runner: "pi/0", at: "", session: "s" };
  expect(agentRunsOf({ agent: { runs: null, runCount: 0 } })).toBe(0);
  expect(
    agentRunsOf({
      agent: {
        runs: [
          { ...run, n: 1 },
          { ...run, n: 2 },
        ],
        runCount: 1,
      },
    }),
  ).toBe(2); // The second round has begun.
  expect(agentRunsOf({ agent: { runs: [{ ...run, n: 25 }], runCount: 25 } })).toBe(25); // The oldest are forgotten.
});
