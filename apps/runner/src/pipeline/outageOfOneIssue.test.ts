import { expect, test } from "vitest";
import { extraWait, isOutageOfOneIssue } from "./outageOfOneIssue.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");
const MINUTE = 60_000;
const ended = (minutesAgo: number, succeeded = true) => ({ at: NOW - minutesAgo * MINUTE, succeeded });
const own = (parked: number, ...ends: ReturnType<typeof ended>[]) =>
  isOutageOfOneIssue({ parked, ends, backoffFactor: 1, now: NOW });

test("an outage affects all issues until a run of another issue succeeds while this one waits", () => {
  expect(own(5)).toBe(false);
  expect(own(5, ended(1, false), ended(600))).toBe(false);
  expect(own(5, ended(1))).toBe(true);
});

test("the first waits prove nothing, because the outage may just have begun", () => {
  expect(own(2, ended(0.5))).toBe(false);
  expect(own(3, ended(1))).toBe(true);
});

test("an issue that waits again lets the others go first", () => {
  expect(extraWait(0, 1)).toBe(MINUTE / 2);
  expect(extraWait(9, 0.01)).toBeCloseTo(4500);
});
