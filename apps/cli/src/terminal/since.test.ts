import { expect, it } from "vitest";
import { parseCount, parseSince } from "./since.ts";

const now = new Date(2026, 10, 25, 14, 0).getTime();

it.each([
  ["30m", now - 30 * 60_000],
  ["7d", now - 7 * 86_400_000],
  [" 2w ", now - 14 * 86_400_000],
  ["2026-11-20", new Date(2026, 10, 20).getTime()],
  ["2026-11-20T10:00:00Z", Date.UTC(2026, 10, 20, 10)],
])("reads %j", (text, at) => {
  expect(parseSince(text, now)).toBe(at);
});

it.each(["", "7", "7y", "yesterday", "2026-13-40", "-7d"])("refuses %j", (text) => {
  expect(() => parseSince(text, now)).toThrow(/is not a time: expected 30m/);
});

it("parses a count within its limits", () => {
  expect(parseCount("--limit", "50", 100)).toBe(50);
  for (const text of ["0", "101", "x", "1.5", "-1"]) {
    expect(() => parseCount("--limit", text, 100)).toThrow(/--limit .* is not a number from 1 to 100/);
  }
});
