import { expect, test } from "vitest";
import { planFinish } from "./unchanged.ts";

const [BASE, PULL, NEW] = ["a".repeat(40), "b".repeat(40), "c".repeat(40)];
const plan = (headSha: string, prBefore: string | null, summary: string | null) =>
  planFinish({ headSha, baseSha: BASE, prBefore, summary }, "run");

test("commits are new work, whatever is said", () => {
  expect(plan(NEW, null, "All done.")).toBe("new work");
  expect(plan(NEW, PULL, "")).toBe("new work");
});

test("without a change, words are an answer, and silence is none", () => {
  expect(plan(BASE, null, "It works:\n  see the tests.")).toMatchObject({
    outcome: "answered",
    outcomeRun: "run",
    hasAnswer: "yes",
    reason: "nothing to change: It works: see the tests.",
  });
  expect(plan(BASE, null, " \n")).toBeNull();
  expect(plan(BASE, null, null)).toBeNull();
});

test("a pull request that was open stays the end, and the words are posted", () => {
  expect(plan(PULL, PULL, "It is all there.")).toMatchObject({ outcome: "pr", hasAnswer: "yes" });
  expect(plan(PULL, PULL, "")).toMatchObject({ outcome: "pr" });
  expect(plan(PULL, PULL, "")).not.toHaveProperty("hasAnswer");
  // It went back to the base in its workspace: what is on GitHub stays as it is.
  expect(plan(BASE, PULL, "Not needed any more.")).toMatchObject({ outcome: "pr", hasAnswer: "yes" });
  expect(plan(BASE, PULL, "")).toBeNull();
});
