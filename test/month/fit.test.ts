import { expect, test } from "vitest";
import { fit, quarterPoints, table } from "./fit.ts";

const point = (issues: number, values: Record<string, number>) => ({ issues, days: issues / 200, values });

test("growth is the slope over four points", () => {
  const points = [1, 2, 3, 4].map((step) => point(200 * step, { a: 1000 + 400 * step, b: 5 }));
  expect(fit(points)).toEqual([
    { name: "a", at: [1400, 1800, 2200, 2600], perIssue: 2, perDay: 400 },
    { name: "b", at: [5, 5, 5, 5], perIssue: 0, perDay: 0 },
  ]);
  expect(table(points).split("\n")).toEqual([
    "| what | 200 issues | 400 issues | 600 issues | 800 issues | per issue | per day |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    "| a | 1,400 | 1,800 | 2,200 | 2,600 | 2 | 400 |",
    "| b | 5 | 5 | 5 | 5 | 0 | 0 |",
  ]);
  expect(() => fit(points.slice(1))).toThrow("four points");
});

test("many points become four, each the mean of the end of its quarter", () => {
  const points = Array.from({ length: 17 }, (_, index) => point(100 * index, { a: index }));
  expect(quarterPoints(points).map(({ issues, values }) => [issues, values["a"]])).toEqual([
    [400, 3.5],
    [800, 7.5],
    [1200, 11.5],
    [1600, 15.5],
  ]);
  expect(quarterPoints(points.slice(0, 4))).toEqual(points.slice(0, 4));
});
