import { expect, it } from "vitest";
import { moment, span } from "./time.ts";

it("says spans in one unit", () => {
  const [s, min, h] = [1000, 60_000, 3_600_000];
  expect([-s, 0, 59 * s, 60 * s, 59 * min, 90 * min, 47 * h, 48 * h].map(span)).toEqual([
    "0 s",
    "0 s",
    "59 s",
    "1 min",
    "59 min",
    "1 h",
    "47 h",
    "2 d",
  ]);
});

it("names the day of a moment that is not today", () => {
  const now = new Date(2026, 10, 22, 23, 50).getTime();
  expect(moment(new Date(2026, 10, 22, 23, 55).getTime(), now)).toBe("23:55");
  expect(moment(new Date(2026, 10, 23, 0, 5).getTime(), now)).toBe("Nov 23 00:05");
});
