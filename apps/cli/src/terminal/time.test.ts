import { expect, it } from "vitest";
import { moment } from "./time.ts";

it("names the day of a moment that is not today", () => {
  const now = new Date(2026, 10, 22, 23, 50).getTime();
  expect(moment(new Date(2026, 10, 22, 23, 55).getTime(), now)).toBe("23:55");
  expect(moment(new Date(2026, 10, 23, 0, 5).getTime(), now)).toBe("tomorrow 00:05");
});
