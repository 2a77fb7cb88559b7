import { expect, test } from "vitest";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { handedBackProgress } from "./handedBack.ts";

const START = "a".repeat(40);
const saved = (headSha: string | null) => ({ headSha, startSha: START });

test.each([
  { what: "nothing at all", headSha: START, finishedCalls: 0, progress: "none" },
  { what: "several commands", headSha: START, finishedCalls: 2, progress: "steps" },
  { what: "a commit", headSha: "b".repeat(40), finishedCalls: 0, progress: "changes" },
  { what: "a save that the shutdown's time was too short for", headSha: null, finishedCalls: 5, progress: "steps" },
])("$what → $progress", ({ headSha, finishedCalls, progress }) => {
  expect(handedBackProgress(saved(headSha), { finishedCalls, begunCalls: finishedCalls + 1 })).toBe(progress);
});

fieldTest("B5", "the command that ended the runner is no progress", () => {
  expect(handedBackProgress(saved(START), { finishedCalls: 1, begunCalls: 1 })).toBe("none");
});

test("an agent that has run no command yet has not ended its runner", () => {
  expect(handedBackProgress(saved(START), { finishedCalls: 0, begunCalls: 0 })).toBe("steps");
});
