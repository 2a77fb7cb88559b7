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
] as const)("%s (%s) at %s resumes from %s", (state, failure, checkpoint, from) => {
  const patch = reopen({ state, end: { failure, reason: null }, checkpoint });
  expect(patch).toMatchObject({
    checkpoint: from,
    "end.outcome": null,
    "command.stop": null,
    "command.cancel": null,
    "question.reply": null,
    "counts.lost": 0,
  });
  // Work that is only published again keeps its session, figures and summary.
  expect("agent.session" in patch).toBe(from === "none");
});

it("keeps the session of an agent that answered, and nothing else of that round", () => {
  const patch = reopen({ state: "answered", end: { failure: null, reason: "x" }, checkpoint: "prepared" });
  expect(patch).toMatchObject({
    checkpoint: "none",
    "work.isAnswer": null,
    "work.summary": null,
    "agent.runCount": 0,
    "agent.usage": null,
    "end.reason": null,
  });
  expect("agent.session" in patch).toBe(false);
});

it("goes back to the agent with the reason when GitHub refused what it made", () => {
  const before = {
    state: "failed",
    end: { failure: "refused", reason: "file too large" },
    checkpoint: "worked",
  } as const;
  const patch = reopen(before);
  expect(patch).toMatchObject({
    checkpoint: "none",
    "end.failure": "refused",
    "end.reason": "file too large",
    "end.outcome": null,
  });
  expect("agent.session" in patch).toBe(false);
  expect(reopen({ ...before, round: { admitted: 7 } })).toEqual(patch);
});

it("publishes what is finished when only a stranger's label was refused meanwhile", () => {
  const before = { state: "failed", end: { failure: "refused", reason: "who?" }, checkpoint: "worked" } as const;
  expect(reopen({ ...before, round: { admitted: null } })).toMatchObject({
    checkpoint: "worked",
    "round.admitted": null,
  });
});
