import { expect, test } from "vitest";
import { applyPatch, parseIssueState } from "@tac8/core/state/issueState";
import { isNotRecorded } from "./recover.ts";

const note = { run: "a" };
const state = applyPatch(parseIssueState({}), {
  checkpoint: "prepared",
  "agent.run": "a",
  "agent.sessionHome": "here",
});
const place = { workspaceHow: "reused", dataFolderId: "here" } as const;

test.each(["reused", "forwarded", "replayed"] as const)(
  "an end that is not in the record, in a workspace that was %s, is recovered",
  (how) => {
    expect(isNotRecorded(note, state, { ...place, workspaceHow: how })).toBe(true);
  },
);

test.each([
  ["the record has it", { checkpoint: "worked" }, {}],
  ["the issue was restarted", { checkpoint: "none" }, {}],
  ["another agent was started since", { "agent.run": "b" }, {}],
  ["another data folder had the last agent", { "agent.sessionHome": "there" }, {}],
  ["the worktree is new, without the uncommitted changes", {}, { workspaceHow: "reattached" }],
  ["the workspace is new", {}, { workspaceHow: "created" }],
  ["the workspace was quarantined", {}, { workspaceHow: "replaced" }],
] as const)("none: %s", (_why, changed, placed) => {
  expect(isNotRecorded(note, applyPatch(state, changed), { ...place, ...placed })).toBe(false);
});
