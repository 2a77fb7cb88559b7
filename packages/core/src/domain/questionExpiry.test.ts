import { expect, test } from "vitest";
import { questionDueAt, questionExpiresAt, questionLifetimeMs } from "./questionExpiry.ts";

const ASKED = "2026-11-25T12:00:00.000Z";
const OLDER = "2026-11-24T12:00:00.000Z";

test.each([
  ["since its last change of state", 1.5, { since: ASKED, question: { askedAt: OLDER } }, "2026-11-27T00:00:00.000Z"],
  ["after another number of days", 14, { since: ASKED, question: { askedAt: OLDER } }, "2026-12-09T12:00:00.000Z"],
  [
    "since its comment, where the record has no other time",
    1.5,
    { since: null, question: { askedAt: ASKED } },
    "2026-11-27T00:00:00.000Z",
  ],
  ["of an unknown time", 1.5, { since: null, question: { askedAt: null } }, null],
  ["of a time that cannot be read", 1.5, { since: "yesterday", question: { askedAt: null } }, null],
])("a question %s expires after the days of the setting (%d)", (_, days, times, expires) => {
  const at = questionExpiresAt(times, questionLifetimeMs(days));
  expect(at === null ? null : new Date(at).toISOString()).toBe(expires);
});

test("the job of a question is due when the question expires, or a lifetime after now if the record has no time", () => {
  const now = Date.parse(ASKED);
  const due = (since: string | null) =>
    questionDueAt({ since, question: { askedAt: null } }, questionLifetimeMs(1), now);
  expect(due(OLDER)).toBe(Date.parse(ASKED));
  expect(due(null)).toBe(Date.parse("2026-11-26T12:00:00.000Z"));
});
