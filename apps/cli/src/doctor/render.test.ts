import { expect, it } from "vitest";
import { problem } from "./finding.ts";
import { renderReports, summary } from "./render.ts";

const how = { width: 80, paint: (_: unknown, text: string) => text };

it("shows the same advice once, below the last finding that needs it", () => {
  const findings = [problem("one", "fix it"), problem("two", "fix it"), problem("three", "check it")];
  const lines = renderReports([{ name: "Configuration", findings }], how);
  expect(lines.map((line) => line.trim())).toEqual([
    "✗ Configuration  one",
    "✗                two",
    "→ fix it",
    "✗                three",
    "→ check it",
  ]);
});

it("shows that a text was shortened", () => {
  const lines = renderReports([{ name: "Agent", findings: [problem("word ".repeat(400), "check it")] }], how);
  expect(lines.at(-2)).toMatch(/…$/);
});

it("counts the problems to fix", () => {
  const reports = (texts: readonly string[]) => [
    { name: "Agent", findings: texts.map((text) => problem(text, "fix it")) },
  ];
  expect(summary(reports([]))).toBe("No problems found.");
  expect(summary(reports(["one"]))).toBe("1 problem to fix.");
  expect(summary(reports(["one", "two", "three"]))).toBe("3 problems to fix.");
});
