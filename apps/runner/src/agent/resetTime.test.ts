import { expect, test } from "vitest";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { parseResetTime } from "./resetTime.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");

test.each([
  ["Claude AI usage limit reached|1795377600", "2026-11-22T20:00:00Z"],
  ["You've hit your limit · resets 3am (Europe/Berlin)", "2026-11-23T02:00:00Z"],
  ["You've hit your session limit · resets 1:30pm (Europe/Berlin)", "2026-11-22T12:30:00Z"],
  ["limit resets at 3pm (UTC)", "2026-11-22T15:00:00Z"],
  ["limit resets 9:59am (UTC)", "2026-11-23T09:59:00Z"],
  ["limit resets 12am (UTC)", "2026-11-23T00:00:00Z"],
  ["weekly limit · resets Nov 24, 5pm (America/New_York)", "2026-11-24T22:00:00Z"],
  ["weekly limit · resets Nov 24 at 5:15pm (UTC)", "2026-11-24T17:15:00Z"],
  ["429, retry after 120", "2026-11-22T12:02:00Z"],
  ["retry-after: 90 seconds", "2026-11-22T12:01:30Z"],
  ["resets in 2 hours", "2026-11-22T14:00:00Z"],
  ["retry after 1500 ms", "2026-11-22T12:00:01.500Z"],
  ["Claude AI usage limit reached|1795377600000", "2026-11-22T20:00:00Z"],
])("%s", (text, expected) => {
  expect(new Date(parseResetTime(text, NOW) ?? 0).toISOString()).toBe(new Date(expected).toISOString());
});

test("a time without a zone is in the zone of the machine", () => {
  const until = new Date(parseResetTime("limit reached, resets at 3pm", NOW) ?? 0);
  expect([until.getHours(), until.getMinutes()]).toEqual([15, 0]);
});

test.each(["", "limit reached", "resets 5", "limit reached|1", "usage limit reached|9999999999", "resets Foo 3, 5pm"])(
  "has no usable time: %s",
  (text) => expect(parseResetTime(text, NOW)).toBeNull(),
);

test("a time in the next year is parsed, and an unknown zone does not throw", () => {
  const lateDecember = Date.parse("2026-12-30T12:00:00Z");
  expect(parseResetTime("resets Jan 2, 3am (UTC)", lateDecember)).toBe(Date.parse("2027-01-02T03:00:00Z"));
  expect(parseResetTime("resets 3am (Middle/Earth)", NOW)).not.toBeNull();
});

/** Every form of a time half a minute ago, with a zone or in the zone of the machine. */
fieldTest("A7", "a time of day that has just passed is not tomorrow's", () => {
  for (const ago of [1, 30_000, 3_600_000]) {
    const now = Date.parse("2026-11-22T10:00:00Z") + ago;
    for (const text of [
      "resets 10am (UTC)",
      "resets at 10:00am (UTC)",
      "resets 10:00 (UTC)",
      "resets 11am (Europe/Berlin)",
    ]) {
      expect([text, parseResetTime(`You've hit your limit · ${text}`, now)]).toEqual([text, null]);
    }
    expect(parseResetTime("resets Nov 22, 10am (UTC)", now)).toBeNull();
    expect(parseResetTime(`usage limit reached|${(now - ago) / 1000}`, now)).toBeNull();
  }
  expect(parseResetTime("resets 10am (UTC)", Date.parse("2026-11-22T10:00:00Z"))).toBeNull();
  expect(parseResetTime("retry after 0", NOW)).toBeNull();
  // The clock is ahead, just after midnight.
  expect(parseResetTime("resets 11:59pm (UTC)", Date.parse("2026-11-22T00:00:30Z"))).toBeNull();
});

test("a time later today is today's, and a time of this morning is tomorrow's", () => {
  expect(parseResetTime("resets 10am (UTC)", Date.parse("2026-11-22T09:59:59Z"))).toBe(
    Date.parse("2026-11-22T10:00:00Z"),
  );
  expect(parseResetTime("resets 10am (UTC)", Date.parse("2026-11-22T15:00:00Z"))).toBe(
    Date.parse("2026-11-23T10:00:00Z"),
  );
});
