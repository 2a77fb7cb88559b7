import { expect, test } from "vitest";
import { sessionOutlives } from "./session.ts";

test.each(["reused", "reattached", "forwarded", "rebased"] as const)(
  "a session goes on in a workspace that was %s",
  (how) => {
    expect(sessionOutlives(how, { atHome: true, changedNothing: false })).toBe(true);
  },
);

test("a session is not resumed where its work was put aside, or is gone", () => {
  expect(sessionOutlives("replaced", { atHome: true, changedNothing: false })).toBe(false);
  expect(sessionOutlives("created", { atHome: true, changedNothing: false })).toBe(false);
});

test("the session of another data folder is that folder's to resume", () => {
  expect(sessionOutlives("created", { atHome: false, changedNothing: false })).toBe(true);
});

test("the session of an agent that changed nothing goes on in a new workspace", () => {
  expect(sessionOutlives("created", { atHome: true, changedNothing: true })).toBe(true);
  expect(sessionOutlives("replaced", { atHome: true, changedNothing: true })).toBe(false);
});
