import { expect, test } from "vitest";
import { applyPatch, parseIssueState } from "@tac8/core/state/issueState";
import { isNotRecorded } from "./recover.ts";

const note = { run: "a" };
const state = applyPatch(parseIssueState({}), {
  checkpoint: "prepared",
  "agent.run": "a",
  "agent.sessionHome": "here",
});
const place = { how: "reused", homeId: "here" } as const;

test.each(["reused", "forwarded", "rebased"] as const)(
  "an end that the hash has not heard of, in a workspace %s",
  (how) => {
    expect(isNotRecorded(note, state, { ...place, how })).toBe(true);
  },
);

test.each([
  ["the hash has heard of it", { checkpoint: "worked" }, {}],
  ["the issue began anew", { checkpoint: "none" }, {}],
  ["another agent was started since", { "agent.run": "b" }, {}],
  ["another data folder had the last agent", { "agent.sessionHome": "there" }, {}],
  ["the worktree is a new one, without what was not committed", {}, { how: "reattached" }],
  ["the workspace is a new one", {}, { how: "created" }],
  ["the workspace was put aside", {}, { how: "replaced" }],
] as const)("none: %s", (_why, changed, placed) => {
  expect(isNotRecorded(note, applyPatch(state, changed), { ...place, ...placed })).toBe(false);
});
