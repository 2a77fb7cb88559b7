import { expect, test } from "vitest";
import type { LoggedEvent } from "@tac8/core/domain/events";
import { logged } from "@tac8/core/testing/formerEvents.fixture";
import { isOwnRefusal } from "./ownRefusal.ts";

const MESSAGE = "pushing auto/gh-1: Not like this. · [remote rejected] (pre-receive hook declined)";
const PARKED = 2;

function event(issue: string, to: "parked" | "failed" | "pr", reason = MESSAGE, failure = "refused"): LoggedEvent {
  return logged({ id: "1-0", at: "", issue, from: "running", to, by: "runner", reason, evidence: { failure } });
}

const own = (parked: number, ...events: readonly LoggedEvent[]) =>
  isOwnRefusal({ issue: "octo.widgets.1", message: MESSAGE, parked, events });

test("a push that is refused three times is the issue's own trouble where no other issue's was refused alike", () => {
  const mine = event("octo.widgets.1", "parked");
  expect([0, 1, 2, 9].map((parked) => own(parked, mine, mine))).toEqual([false, false, true, true]);
});

test.each<[string, LoggedEvent, boolean]>([
  ["one that waits", event("octo.widgets.2", "parked", MESSAGE.replace("gh-1", "gh-2")), false],
  ["one that has failed by it", event("octo.widgets.2", "failed"), false],
  ["one that was refused in other words", event("octo.widgets.2", "parked", "creations being restricted"), true],
  ["one of another repository", event("octo.other.2", "parked"), true],
  ["one of a repository whose name begins alike", event("octo.widgets.more.2", "parked"), true],
  ["one that failed otherwise", event("octo.widgets.2", "failed", MESSAGE, "git"), true],
])("beside another issue: %s", (_, other, expected) => {
  expect(own(PARKED, other)).toBe(expected);
});

test("refusals from before a push of the repository was taken do not count", () => {
  const [refused, taken] = [event("octo.widgets.2", "parked"), event("octo.widgets.3", "pr")];
  expect(own(PARKED, refused, taken)).toBe(true);
  expect(own(PARKED, taken, refused)).toBe(false);
  expect(own(PARKED, refused, { ...taken, issue: "octo.other.3" })).toBe(false);
});
