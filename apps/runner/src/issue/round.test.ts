import { expect, test } from "vitest";
import type { AgentFailure } from "../agent/classify.ts";
import { isNothing, planFinish, publishesBeside, pullBefore } from "./round.ts";

const LEFT: AgentFailure = {
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
  const reported = { ...FIRST, failure: "unfinished", made: 2 } as const;
  expect(publishesBeside({ ...LEFT, onlyCommands: false }, reported)).toBeNull();
  expect(publishesBeside({ ...LEFT, kind: "agent" }, reported)).toBeNull();
  expect(publishesBeside({ ok: true }, reported)).toBeNull();
});

const [BASE, PULL, NEW] = ["a".repeat(40), "b".repeat(40), "c".repeat(40)];
const plan = (headSha: string, prBefore: string | null, summary: string | null) =>
  planFinish(
    { branch: { head: headSha, base: BASE, published: prBefore }, pull: { headBefore: prBefore }, work: { summary } },
    "run",
  );

test("commits are new work, whatever is said", () => {
  expect(plan(NEW, null, "All done.")).toBe("new work");
  expect(plan(NEW, PULL, "")).toBe("new work");
});

test("without a change, words are an answer, and silence is none", () => {
  expect(plan(BASE, null, "It works:\n  see the tests.")).toMatchObject({
    "end.outcome": "answered",
    "end.run": "run",
    "work.isAnswer": "yes",
    "end.reason": "nothing to change: It works: see the tests.",
  });
  expect(plan(BASE, null, " \n")).toBeNull();
  expect(plan(BASE, null, null)).toBeNull();
});

test("a pull request that was open stays the end, and the words are posted", () => {
  expect(plan(PULL, PULL, "It is all there.")).toMatchObject({ "end.outcome": "pr", "work.isAnswer": "yes" });
  expect(plan(PULL, PULL, "")).toMatchObject({ "end.outcome": "pr" });
  expect(plan(PULL, PULL, "")).not.toHaveProperty("hasAnswer");
  // It went back to the base in its workspace: what is on GitHub stays as it is.
  expect(plan(BASE, PULL, "Not needed any more.")).toMatchObject({ "end.outcome": "pr", "work.isAnswer": "yes" });
  expect(plan(BASE, PULL, "")).toBeNull();
});

/** What is on the branch, what the agent leaves there, whether a pull request was open before, and the end. */
test.each<[string, { saved: string | null; head: string; prBefore: string | null }, string]>([
  ["nothing anywhere", { saved: null, head: BASE, prBefore: null }, "answered"],
  ["new commits", { saved: null, head: NEW, prBefore: null }, "new work"],
  ["an earlier attempt's commits alone", { saved: NEW, head: NEW, prBefore: null }, "new work"],
  ["an earlier attempt's commits, taken off", { saved: NEW, head: BASE, prBefore: null }, "answered"],
  ["nothing, on a pull request", { saved: PULL, head: PULL, prBefore: PULL }, "pr"],
  ["new commits, on a pull request", { saved: PULL, head: NEW, prBefore: PULL }, "new work"],
  ["an earlier attempt's commits alone, on a pull request", { saved: NEW, head: NEW, prBefore: PULL }, "new work"],
  ["an earlier attempt's commits, taken off a pull request", { saved: NEW, head: PULL, prBefore: PULL }, "new work"],
])("%s", (_, { saved, head, prBefore }, expected) => {
  const finished = {
    branch: { head, base: BASE, published: saved },
    pull: { headBefore: prBefore },
    work: { summary: "All is well." },
  };
  const end = planFinish(finished, "run");
  expect(end === "new work" || end === null ? end : end["end.outcome"]).toBe(expected);
});

test.each<[string, { commits: number; isChanged: boolean }, number | null, boolean]>([
  ["the base has all of them", { commits: 0, isChanged: false }, null, true],
  ["they make a pull request", { commits: 2, isChanged: true }, null, false],
  ["they change nothing all together", { commits: 2, isChanged: false }, null, true],
  ["they take back what is on a pull request", { commits: 2, isChanged: false }, 7, false],
  ["the base has all of a pull request", { commits: 0, isChanged: false }, 7, true],
])("commits to publish: %s", (_, commits, prNumber, expected) => {
  expect(isNothing(commits, { pull: { number: prNumber } })).toBe(expected);
});

test("a pull request that was closed between two attempts is not the end of the second one", () => {
  const pull = { headSha: NEW };
  expect(pullBefore({ pull: { headBefore: PULL } }, { pull: null, isFirst: false })).toBeNull();
  expect(pullBefore({ pull: { headBefore: PULL } }, { pull, isFirst: false })).toBe(PULL);
  expect(pullBefore({ pull: { headBefore: PULL } }, { pull, isFirst: true })).toBe(NEW);
  // Opened by this round itself: what it brings is new.
  expect(pullBefore({ pull: { headBefore: null } }, { pull, isFirst: false })).toBeNull();
});
