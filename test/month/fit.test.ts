import { expect, test } from "vitest";
import { fit, table } from "./fit.ts";

const point = (issues: number, values: Record<string, number>) => ({ issues, days: issues / 200, values });

test("growth is the slope over the last four points", () => {
  const points = [0, 1, 2, 3, 4].map((step) => point(200 * step, { a: step === 0 ? 900 : 1000 + 400 * step, b: 5 }));
  const growths = fit(points);
  expect(growths).toEqual([
    { name: "a", last: 2600, perIssue: 2, perDay: 400 },
    { name: "b", last: 5, perIssue: 0, perDay: 0 },
  ]);
  expect(table(growths).split("\n")).toEqual([
    "| what | at the end | per issue | per day |",
    "| --- | ---: | ---: | ---: |",
    "| a | 2,600 | 2 | 400 |",
    "| b | 5 | 0 | 0 |",
  ]);
  expect(() => fit(points.slice(2))).toThrow("four points");
});
