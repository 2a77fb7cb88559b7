import type { IssueState } from "@tac8/core/domain/states";
import { expect, it } from "vitest";
import { sortRows, type IssueRow } from "./issues.ts";
import { renderIssues } from "./renderIssues.ts";

const row = (part: Partial<IssueRow>): IssueRow => ({
  issue: "octo/hello#1",
  title: "A title",
  url: "https://github.com/octo/hello/issues/1",
  state: "queued",
  since: "2026-11-22T13:00:00.000Z",
  runner: null,
  attempts: 0,
  maxAttempts: 3,
  runs: 0,
  runMs: 0,
  costUsd: 0,
  pr: null,
  reason: null,
  ...part,
});

it("lists running and waiting issues first, newest first in each state", () => {
  const states: IssueState[] = ["pr", "failed", "queued", "running", "blocked"];
  const rows = [
    ...states.map((state) => row({ state })),
    row({ state: "running", issue: "octo/hello#9", since: "2026-11-22T14:00:00.000Z" }),
  ];
  const sorted = sortRows(rows);
  expect(sorted.map(({ state }) => state)).toEqual(["running", "running", "blocked", "queued", "failed", "pr"]);
  expect(sorted[0]?.issue).toBe("octo/hello#9");
});

it("draws the table in 80 columns", () => {
  const rows = [
    row({ state: "running", runner: "pi-1", attempts: 1, costUsd: 0.4231, runMs: 125_000 }),
    row({
      issue: "octo/hello#4711",
      state: "pr",
      runner: "a-runner-with-a-long-name",
      attempts: 2,
      costUsd: 12.5,
      pr: { number: 4712, url: null },
      title: "🎉 A title\u001b[2J that is long and long and long, as titles of issues are",
    }),
  ];
  const now = Date.parse("2026-11-22T13:03:00.000Z");
  const lines = renderIssues({ rows, oneRepository: true, now, width: 80, paint: (_, text) => text });
  expect(lines).toEqual([
    "ISSUE  STATE    SINCE  ATTEMPT  AGENT    COST  PR     RUNNER        TITLE",
    "#1     running  3 min  1/3      2 min   $0.42         pi-1          A title",
    "#4711  pr       3 min  2/3             $12.50  #4712  a-runner-wi…  🎉 A title …",
  ]);
  const wide = renderIssues({
    rows: [row({ runs: 4 })],
    oneRepository: true,
    now,
    width: 100,
    paint: (_, text) => text,
  });
  expect(wide[0]).toMatch(/ATTEMPT +RUNS +TITLE/);
  const several = renderIssues({ rows, oneRepository: false, now, width: 80, paint: (_, text) => text });
  expect(several[2]).toContain("octo/hello#4711");
});
