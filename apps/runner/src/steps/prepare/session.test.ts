import { expect, test } from "vitest";
import { sessionOutlives } from "./session.ts";

test.each(["reused", "reattached", "forwarded", "replayed"] as const)(
  "a session is resumed in a workspace that was %s",
  (how) => {
    expect(sessionOutlives(how, { isSessionHere: true, changedNothing: false })).toBe(true);
  },
);

test("a session is not resumed if its work is quarantined or missing", () => {
  expect(sessionOutlives("replaced", { isSessionHere: true, changedNothing: false })).toBe(false);
  expect(sessionOutlives("created", { isSessionHere: true, changedNothing: false })).toBe(false);
});

test("the session of another data folder can only be resumed there", () => {
  expect(sessionOutlives("created", { isSessionHere: false, changedNothing: false })).toBe(true);
});

test("the session of an agent that changed nothing is resumed in a new workspace", () => {
  expect(sessionOutlives("created", { isSessionHere: true, changedNothing: true })).toBe(true);
  expect(sessionOutlives("replaced", { isSessionHere: true, changedNothing: true })).toBe(false);
});
