import { countBrokenOff, MAX_UNCHANGED_IN_A_ROW, NOT_BROKEN_OFF, tooOften } from "@tac8/core/domain/brokenOff";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { expect, test } from "vitest";
import { progressOfRequeued } from "./requeuedProgress.ts";

const START = "a".repeat(40);
const progress = (headSha: string | null) => progressOfRequeued({ branch: { head: headSha, start: START } });
const after = (times: number) =>
  Array.from({ length: times }, () => progress(START)).reduce(countBrokenOff, NOT_BROKEN_OFF);

test.each([
  { what: "nothing", headSha: START, expected: "steps" },
  { what: "a commit", headSha: "b".repeat(40), expected: "changes" },
  { what: "a save that the shutdown interrupted", headSha: null, expected: "steps" },
])("$what → $expected", ({ headSha, expected }) => {
  expect(progress(headSha)).toBe(expected);
});

test("quick restarts by an operator do not count as lost runs", () => {
  expect(after(MAX_UNCHANGED_IN_A_ROW - 1)).toMatchObject({ lost: 0 });
  expect(tooOften(after(MAX_UNCHANGED_IN_A_ROW - 1), "requeued")).toBeNull();
});

fieldTest("B5", "an agent that ends its runner each time and changes nothing is limited", () => {
  expect(tooOften(after(MAX_UNCHANGED_IN_A_ROW), "requeued")).toMatch(
    /ended 6 times in a row while the agent was running/,
  );
});
