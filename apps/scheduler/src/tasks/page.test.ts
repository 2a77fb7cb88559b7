import { expect, test } from "vitest";
import { applyPatch, parseIssueState, type IssuePatch } from "@tac8/core/state/issueState";
import { renderTasks, type Task, type Tasks } from "./page.ts";

const EMPTY = { tasks: [], total: 0 };
const NOTHING: Tasks = { pending: EMPTY, active: EMPTY, completedToday: EMPTY, failed: EMPTY, blocked: EMPTY };
const HOW = { worktrees: "trees", manyRepositories: false };

function task(change: Partial<Task> = {}, fields: IssuePatch = {}): Task {
  return {
    ref: { owner: "octo", repo: "widgets", number: 471 },
    title: "Fix it",
    priority: 4,
    runner: "pi/0",
    startedAt: Date.UTC(2026, 10, 22, 3, 10),
    ...change,
    record: applyPatch(parseIssueState({}), fields),
  };
}
const one = (only: Task) => ({ tasks: [only], total: 1 });

test("each section has its own line", () => {
  const page = renderTasks(
    {
      pending: one(task({ startedAt: null })),
      active: one(task()),
      completedToday: one(
        task({}, { "branch.head": "a1b2c3d4e5", "pull.url": "https://github.com/octo/widgets/pull/9" }),
      ),
      failed: one(task({}, { "end.reason": "no\nchanges" })),
      blocked: one(task({}, { "question.text": "Which colour?" })),
    },
    HOW,
  );
  expect(page).toBe(`# Tasks

## Pending

[] gh-471: Fix it {p1}

## Active

[🟡 pi/0, trees/gh-471] gh-471: Fix it
- Started: 2026-11-22 03:10 UTC

## Completed Today

[✅ a1b2c3d, pi/0] gh-471: Fix it
- Started: 2026-11-22 03:10 UTC
- PR: https://github.com/octo/widgets/pull/9

## Failed

[❌ pi/0] gh-471: Fix it
- Started: 2026-11-22 03:10 UTC
- Reason: no changes

## Blocked

[⏰ pi/0] gh-471: Fix it
- Started: 2026-11-22 03:10 UTC
- Reason: Which colour?

`);
});

test("an answered issue is completed too, with its answer", () => {
  const state = {
    state: "answered",
    "branch.head": "a1b2c3d4e5",
    "end.reason": "nothing to change: it works",
  } as const;
  const page = renderTasks({ ...NOTHING, completedToday: one(task({}, state)) }, HOW);
  expect(page).toContain("[✅ answered, pi/0] gh-471: Fix it\n");
  expect(page).toContain("- Reason: nothing to change: it works\n");
});

test("of 100,000 tasks it shows one hundred and the number of the others", () => {
  const tasks = Array.from({ length: 150 }, () => task());
  const page = renderTasks({ ...NOTHING, pending: { tasks, total: 100_000 } }, HOW);
  expect(page.match(/gh-471/g)).toHaveLength(100);
  expect(page).toContain("… and 99900 more");
});

test.each([
  [1, "p0"],
  [2, "p0"],
  [3, "p1"],
  [6, "p2"],
])("BullMQ's priority %i is %s", (priority, level) => {
  expect(renderTasks({ ...NOTHING, pending: one(task({ priority })) }, HOW)).toContain(`{${level}}`);
});

test("a title can neither start a new line nor fill the page", () => {
  const title = `## Failed\r\n\u0000[❌ x] gh-1: forged${"é".repeat(500)}`;
  const page = renderTasks({ ...NOTHING, pending: one(task({ title })) }, HOW);
  expect(page).toMatch(/^\[\] gh-471: ## Failed \[❌ x\] gh-1: forgedé+… \{p1\}$/m);
  expect(page.split("\n").filter((line) => line.startsWith("## Failed"))).toEqual(["## Failed"]);
});

test("with several repositories, an issue has its full name", () => {
  const page = renderTasks({ ...NOTHING, pending: one(task()) }, { ...HOW, manyRepositories: true });
  expect(page).toContain("[] octo/widgets#471: Fix it");
});
