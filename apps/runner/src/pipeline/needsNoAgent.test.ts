import { expect, test } from "vitest";
import { applyPatch, parseIssueState, type IssuePatch } from "@tac8/core/state/issueState";
import { needsNoAgent } from "./needsNoAgent.ts";

const WITHHELD = {
  state: "blocked",
  checkpoint: "worked",
  "work.withheld": { reason: "The work changes protected files.", canAllow: true, event: 0 },
} as const;

test.each<[what: string, before: IssuePatch, expected: boolean]>([
  ["nothing has been done yet", { state: "queued" }, false],
  ["the workspace is prepared", { state: "running", checkpoint: "prepared" }, false],
  ["the agent has finished", { state: "running", checkpoint: "worked" }, true],
  ["the end is decided, but not reported", { state: "running", "end.outcome": "failed" }, true],
  ["a stop was requested", { state: "running", "command.stop": "wrong approach" }, true],
  ["the issue was closed", { state: "running", "command.cancel": "closed" }, true],
  ["a question has a reply", { state: "blocked", checkpoint: "prepared", "end.outcome": "blocked" }, false],
  ["the work is withheld", WITHHELD, false],
  ["the publication of withheld work is allowed", { ...WITHHELD, "work.allowed": 12 }, true],
  ["withheld work is allowed, but is not finished", { ...WITHHELD, checkpoint: "prepared", "work.allowed": 12 }, false],
  ["Bull Board has queued an ended issue again", { state: "pr", checkpoint: "worked", "end.outcome": "pr" }, false],
])("%s", (_what, before, expected) => {
  expect(needsNoAgent(applyPatch(parseIssueState({}), before))).toBe(expected);
});
