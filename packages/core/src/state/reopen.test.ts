import { expect, it } from "vitest";
import { reopen } from "./reopen.ts";

it.each([
  ["failed", "git", "worked", "worked"],
  ["failed", "github", "worked", "worked"],
  ["failed", "no-changes", "worked", "none"],
  ["failed", "edited", "worked", "none"],
  ["failed", "agent", "prepared", "none"],
  ["pr", null, "published", "none"],
  ["stopped", null, "worked", "none"],
  ["cancelled", null, "worked", "none"],
] as const)("%s (%s) at %s goes on from %s", (state, failure, checkpoint, from) => {
  const patch = reopen({ state, failure, checkpoint, reason: null });
  expect(patch).toMatchObject({ checkpoint: from, outcome: null, stop: null, cancel: null, answer: null, lost: 0 });
  // Work that is only published again keeps its session, figures and summary.
  expect("session" in patch).toBe(from === "none");
});

it("keeps the session of an agent that answered, and nothing else of that round", () => {
  const patch = reopen({ state: "answered", failure: null, checkpoint: "prepared", reason: "x" });
  expect(patch).toMatchObject({
    checkpoint: "none",
    hasAnswer: null,
    summary: null,
    agentRuns: 0,
    usage: null,
    reason: null,
  });
  expect("session" in patch).toBe(false);
});

it("goes back to the agent with the reason when GitHub refused what it made", () => {
  const before = { state: "failed", failure: "refused", checkpoint: "worked", reason: "file too large" } as const;
  const patch = reopen(before);
  expect(patch).toMatchObject({ checkpoint: "none", failure: "refused", reason: "file too large", outcome: null });
  expect("session" in patch).toBe(false);
  expect(reopen({ ...before, admitted: 7 })).toEqual(patch);
});

it("publishes what is finished when only a stranger's label was refused meanwhile", () => {
  const before = { state: "failed", failure: "refused", checkpoint: "worked", reason: "who?" } as const;
  expect(reopen({ ...before, admitted: null })).toMatchObject({ checkpoint: "worked", admitted: null });
});
