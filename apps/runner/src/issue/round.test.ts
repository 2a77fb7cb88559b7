import { expect, test } from "vitest";
import type { AgentFailure } from "../agent/classify.ts";
import { isEmptyChange, outcomeOfSuccess, leftRunningCommand, pullBefore } from "./round.ts";

const LEFT: AgentFailure = {
  ok: false,
  kind: "unfinished",
  message: "a command in the background was still running (npm run dev)",
  until: null,
  resumeFailed: false,
  onlyCommands: true,
  sessionSpent: false,
};
const FIRST = { failure: null, made: 0, max: 3 };

test("work of an agent with a running command is published if the agent was notified once, or has no attempt left", () => {
  expect(leftRunningCommand(LEFT, FIRST)).toBeNull();
  expect(leftRunningCommand(LEFT, { ...FIRST, failure: "agent", made: 1 })).toBeNull();
  expect(leftRunningCommand(LEFT, { ...FIRST, failure: "unfinished", made: 1 })).toContain("npm run dev");
  expect(leftRunningCommand(LEFT, { ...FIRST, made: 2 })).toContain("npm run dev");
  expect(leftRunningCommand(LEFT, { ...FIRST, max: 1 })).toContain("npm run dev");
});

test("it is not published for scheduled turns, other failures and successes", () => {
  const reported = { ...FIRST, failure: "unfinished", made: 2 } as const;
  expect(leftRunningCommand({ ...LEFT, onlyCommands: false }, reported)).toBeNull();
  expect(leftRunningCommand({ ...LEFT, kind: "agent" }, reported)).toBeNull();
  expect(leftRunningCommand({ ok: true }, reported)).toBeNull();
});

const [BASE, PULL, NEW] = ["a".repeat(40), "b".repeat(40), "c".repeat(40)];
const plan = (headSha: string, prBefore: string | null, summary: string | null) =>
  outcomeOfSuccess(
    { branch: { head: headSha, base: BASE, published: prBefore }, pull: { headBefore: prBefore }, work: { summary } },
    "run",
  );

test("commits are new work, whatever the agent writes", () => {
  expect(plan(NEW, null, "All done.")).toBe("new work");
  expect(plan(NEW, PULL, "")).toBe("new work");
});

test("without a change, text is an answer, and no text is a failure", () => {
  expect(plan(BASE, null, "It works:\n  see the tests.")).toMatchObject({
    "end.outcome": "answered",
    "end.run": "run",
    "work.isAnswer": "yes",
    "end.reason": "nothing to change: It works: see the tests.",
  });
  expect(plan(BASE, null, " \n")).toBeNull();
  expect(plan(BASE, null, null)).toBeNull();
});

test("an open pull request stays the outcome, and the text is posted", () => {
  expect(plan(PULL, PULL, "It is all there.")).toMatchObject({ "end.outcome": "pr", "work.isAnswer": "yes" });
  expect(plan(PULL, PULL, "")).toMatchObject({ "end.outcome": "pr" });
  expect(plan(PULL, PULL, "")).not.toHaveProperty("hasAnswer");
  // The agent reset its workspace to the base; the pull request stays as it is.
  expect(plan(BASE, PULL, "Not needed any more.")).toMatchObject({ "end.outcome": "pr", "work.isAnswer": "yes" });
  expect(plan(BASE, PULL, "")).toBeNull();
});

/** The saved head, the head of the agent, the head of an open pull request before the round, and the outcome. */
test.each<[string, { saved: string | null; head: string; prBefore: string | null }, string]>([
  ["nothing anywhere", { saved: null, head: BASE, prBefore: null }, "answered"],
  ["new commits", { saved: null, head: NEW, prBefore: null }, "new work"],
  ["only an earlier attempt's commits", { saved: NEW, head: NEW, prBefore: null }, "new work"],
  ["an earlier attempt's commits, removed", { saved: NEW, head: BASE, prBefore: null }, "answered"],
  ["nothing, on a pull request", { saved: PULL, head: PULL, prBefore: PULL }, "pr"],
  ["new commits, on a pull request", { saved: PULL, head: NEW, prBefore: PULL }, "new work"],
  ["only an earlier attempt's commits, on a pull request", { saved: NEW, head: NEW, prBefore: PULL }, "new work"],
  ["an earlier attempt's commits, removed from a pull request", { saved: NEW, head: PULL, prBefore: PULL }, "new work"],
])("%s", (_, { saved, head, prBefore }, expected) => {
  const finished = {
    branch: { head, base: BASE, published: saved },
    pull: { headBefore: prBefore },
    work: { summary: "All is well." },
  };
  const end = outcomeOfSuccess(finished, "run");
  expect(end === "new work" || end === null ? end : end["end.outcome"]).toBe(expected);
});

test.each<[string, { commits: number; isChanged: boolean }, number | null, boolean]>([
  ["the base has all of them", { commits: 0, isChanged: false }, null, true],
  ["they change something", { commits: 2, isChanged: true }, null, false],
  ["they change nothing in total", { commits: 2, isChanged: false }, null, true],
  ["they revert the pull request", { commits: 2, isChanged: false }, 7, false],
  ["the base has all commits of a pull request", { commits: 0, isChanged: false }, 7, true],
])("commits to publish: %s", (_, commits, prNumber, expected) => {
  expect(isEmptyChange(commits, { pull: { number: prNumber } })).toBe(expected);
});

test("a pull request that was closed between two attempts is not the outcome of the second one", () => {
  const pull = { headSha: NEW };
  expect(pullBefore({ pull: { headBefore: PULL } }, { pull: null, beginsRound: false })).toBeNull();
  expect(pullBefore({ pull: { headBefore: PULL } }, { pull, beginsRound: false })).toBe(PULL);
  expect(pullBefore({ pull: { headBefore: PULL } }, { pull, beginsRound: true })).toBe(NEW);
  // Opened by this round, so its commits are new.
  expect(pullBefore({ pull: { headBefore: null } }, { pull, beginsRound: false })).toBeNull();
});
