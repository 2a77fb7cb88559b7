import { expect, test } from "vitest";
import { sessionOutlives } from "./session.ts";

test.each(["reused", "reattached", "forwarded", "rebased"] as const)(
  "a session goes on in a workspace that was %s",
  (how) => {
    expect(sessionOutlives(how, { atHome: true })).toBe(true);
  },
);

test("a session is not resumed where its work was put aside, or is gone", () => {
  expect(sessionOutlives("replaced", { atHome: true })).toBe(false);
  expect(sessionOutlives("created", { atHome: true })).toBe(false);
});

test("the session of another data folder is that folder's to resume", () => {
  expect(sessionOutlives("created", { atHome: false })).toBe(true);
});
