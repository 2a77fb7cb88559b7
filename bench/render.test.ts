import { expect, test } from "vitest";
import { renderComparison, renderTable } from "./render.ts";
import { row } from "./results.ts";

test("a table has each figure beside its floor", () => {
  const rows = [
    row({
      name: "cli/help",
      what: "tac8 --help",
      unit: "ms",
      value: [300.4, 310.2, 305.1],
      floor: { what: "node -e 0", value: [20, 20, 20] },
    }),
    row({ name: "calls/git", what: "git processes", unit: "count", value: [25, 25], note: "the agent's own left out" }),
  ];
  expect(renderTable(rows)).toBe(
    [
      "row        figure         median (min–max)  floor           figure/floor",
      "cli/help   tac8 --help    305 (300–310) ms  20 (node -e 0)  15.3 (15–15.5)",
      "calls/git  git processes  25                –               –",
      "calls/git: the agent's own left out",
    ].join("\n"),
  );
});

test("a comparison says which rows regressed and which are missing", () => {
  const text = renderComparison({
    changes: [
      { name: "cli/help", before: 10, now: 13, growth: 0.3, regressed: true },
      { name: "idle/start", before: 0.5, now: 0.25, growth: -0.5, regressed: false },
    ],
    missing: ["poll/first"],
  });
  expect(text.split("\n")).toEqual([
    "✗ cli/help    10 → 13  (+30 %)",
    "✓ idle/start  0.5 → 0.25  (-50 %)",
    "✗ poll/first: not measured",
  ]);
});
