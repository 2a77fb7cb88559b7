import { expect, test } from "vitest";
import type { Failure } from "../agent/classify.ts";
import { planFinish, publishesBeside } from "./unchanged.ts";

const LEFT: Failure = {
  ok: false,
  kind: "unfinished",
  message: "a command in the background had not ended (npm run dev)",
  until: null,
  resumeFailed: false,
  onlyCommands: true,
  sessionSpent: false,
};
const FIRST = { failure: null, made: 0, max: 3 };

test("work beside a command that was left running is published once the agent was told, or has no attempt left", () => {
  expect(publishesBeside(LEFT, FIRST)).toBeNull();
  expect(publishesBeside(LEFT, { ...FIRST, failure: "agent", made: 1 })).toBeNull();
  expect(publishesBeside(LEFT, { ...FIRST, failure: "unfinished", made: 1 })).toContain("npm run dev");
  expect(publishesBeside(LEFT, { ...FIRST, made: 2 })).toContain("npm run dev");
  expect(publishesBeside(LEFT, { ...FIRST, max: 1 })).toContain("npm run dev");
});

test("what was planned for later, other failures and good ends are none of it", () => {
  const told = { ...FIRST, failure: "unfinished", made: 2 } as const;
  expect(publishesBeside({ ...LEFT, onlyCommands: false }, told)).toBeNull();
  expect(publishesBeside({ ...LEFT, kind: "agent" }, told)).toBeNull();
  expect(publishesBeside({ ok: true }, told)).toBeNull();
});

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
