import { scaleLinear } from "d3-scale";
import { expect, test } from "vitest";
import { valueTicks } from "./axes.ts";

const y = scaleLinear([0, 1], [100, 0]);

test("a scale of whole numbers has no ticks between them", () => {
  const format = (value: number) => String(Math.round(value));
  expect(valueTicks(y, { format, whole: true })).toEqual([
    { at: 100, text: "0" },
    { at: 0, text: "1" },
  ]);
});

test("any other scale has ticks between whole numbers", () => {
  const ticks = valueTicks(y, { format: (value) => value.toFixed(1), whole: false });
  expect(ticks.map(({ text }) => text)).toEqual(["0.0", "0.5", "1.0"]);
});
