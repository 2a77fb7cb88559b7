import { expect, test } from "vitest";
import type { LoggedEvent } from "@tac8/core/domain/events";
import { logged } from "@tac8/core/testing/formerEvents.fixture";
import { isRefusalOfOneIssue } from "./refusalOfOneIssue.ts";

const MESSAGE = "pushing auto/gh-1: Not like this. · [remote rejected] (pre-receive hook declined)";
const PARKED = 2;

function event(issue: string, to: "parked" | "failed" | "pr", reason = MESSAGE, failure = "refused"): LoggedEvent {
  return logged({ id: "1-0", at: "", issue, from: "running", to, by: "runner", reason, evidence: { failure } });
}

const own = (parked: number, ...events: readonly LoggedEvent[]) =>
  isRefusalOfOneIssue({ issue: "octo.widgets.1", message: MESSAGE, parked, events });

test("a push that is refused three times is the issue's own failure if no other issue's push was refused with the same message", () => {
  const mine = event("octo.widgets.1", "parked");
  expect([0, 1, 2, 9].map((parked) => own(parked, mine, mine))).toEqual([false, false, true, true]);
});

test.each<[string, LoggedEvent, boolean]>([
  ["a parked one", event("octo.widgets.2", "parked", MESSAGE.replace("gh-1", "gh-2")), false],
  ["a failed one", event("octo.widgets.2", "failed"), false],
  ["one with another message", event("octo.widgets.2", "parked", "creations being restricted"), true],
  ["one of another repository", event("octo.other.2", "parked"), true],
  ["one of a repository with the same prefix", event("octo.widgets.more.2", "parked"), true],
  ["one with another failure", event("octo.widgets.2", "failed", MESSAGE, "git"), true],
])("beside another issue: %s", (_, other, expected) => {
  expect(own(PARKED, other)).toBe(expected);
});

test("refusals before the last successful push to the repository do not count", () => {
  const [refused, taken] = [event("octo.widgets.2", "parked"), event("octo.widgets.3", "pr")];
  expect(own(PARKED, refused, taken)).toBe(true);
  expect(own(PARKED, taken, refused)).toBe(false);
  expect(own(PARKED, refused, { ...taken, issue: "octo.other.3" })).toBe(false);
});
