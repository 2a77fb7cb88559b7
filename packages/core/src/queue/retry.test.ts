import { describe, expect, it } from "vitest";
import { applyPatch, parseIssueState } from "../state/issueState.ts";
import { planRetry, retryPatch } from "./retry.ts";

const ANSWER = { commentId: 1, author: "ann", text: "yes" };

describe("planRetry", () => {
  it.each([
    ["failed", { state: "failed" }, { do: "retry", from: "failed" }],
    ["completed", { state: "pr" }, { do: "retry", from: "completed" }],
    ["active", { state: "running" }, { do: "nothing", kind: "running" }],
    ["waiting", { state: "queued" }, { do: "nothing", kind: "waiting" }],
    ["prioritized", { state: "failed" }, { do: "nothing", kind: "waiting" }],
    ["prioritized", { state: "queued", "command.stop": "enough" }, { do: "nothing", kind: "stopping" }],
    ["delayed", { state: "retrying" }, { do: "wake" }],
    ["delayed", { state: "parked" }, { do: "wake" }],
    ["delayed", { state: "queued" }, { do: "wake" }],
    ["delayed", { state: "parked", "command.stop": "enough" }, { do: "nothing", kind: "stopping" }],
    ["delayed", { state: "blocked" }, { do: "nothing", kind: "blocked" }],
    ["delayed", { state: "blocked", "question.reply": ANSWER }, { do: "wake" }],
    ["unknown", { state: "withdrawn" }, { do: "nothing", kind: "unknown" }],
  ] as const)("a job that is %s, of an issue that is %j", (job, issue, plan) => {
    expect(planRetry(job, applyPatch(parseIssueState({}), issue))).toEqual(plan);
  });
});

describe("retryPatch", () => {
  it.each([
    ["failed", "git", "worked"],
    ["failed", "refused", "none"],
    ["failed", "no-changes", "none"],
    ["pr", null, "none"],
    ["stopped", null, "none"],
  ] as const)("of %s (%s) resumes at %s", (state, failure, checkpoint) => {
    expect(retryPatch({ state, end: { failure, reason: null }, checkpoint: "worked" }, 0)).toMatchObject({
      checkpoint,
      state: "queued",
    });
  });

  it("forgets the end and the commands of before", () => {
    const patch = retryPatch({ state: "failed", end: { failure: "agent", reason: null }, checkpoint: "prepared" }, 0);
    expect(patch).toMatchObject({
      "end.outcome": null,
      "end.failure": null,
      "command.stop": null,
      "command.cancel": null,
      "counts.lost": 0,
    });
  });
});
