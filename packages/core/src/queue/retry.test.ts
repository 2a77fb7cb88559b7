import { describe, expect, it } from "vitest";
import { planRetry, retryPatch } from "./retry.ts";

const ANSWER = { commentId: 1, author: "ann", text: "yes" };

describe("planRetry", () => {
  it.each([
    ["failed", { state: "failed" }, { do: "retry", from: "failed" }],
    ["completed", { state: "pr" }, { do: "retry", from: "completed" }],
    ["active", { state: "running" }, { do: "answer", kind: "running" }],
    ["waiting", { state: "queued" }, { do: "answer", kind: "waiting" }],
    ["prioritized", { state: "failed" }, { do: "answer", kind: "waiting" }],
    ["prioritized", { state: "queued", stop: "enough" }, { do: "answer", kind: "stopping" }],
    ["delayed", { state: "retrying" }, { do: "wake" }],
    ["delayed", { state: "parked" }, { do: "wake" }],
    ["delayed", { state: "queued" }, { do: "wake" }],
    ["delayed", { state: "parked", stop: "enough" }, { do: "answer", kind: "stopping" }],
    ["delayed", { state: "blocked" }, { do: "answer", kind: "blocked" }],
    ["delayed", { state: "blocked", answer: ANSWER }, { do: "wake" }],
    ["unknown", { state: "withdrawn" }, { do: "answer", kind: "unknown" }],
  ] as const)("a job that is %s, of an issue that is %j", (job, issue, plan) => {
    expect(planRetry(job, { answer: null, stop: null, ...issue })).toEqual(plan);
  });
});

describe("retryPatch", () => {
  it.each([
    ["failed", "git", "worked"],
    ["failed", "refused", "none"],
    ["failed", "no-changes", "none"],
    ["pr", null, "none"],
    ["stopped", null, "none"],
  ] as const)("of %s (%s) goes on from %s", (state, failure, checkpoint) => {
    expect(retryPatch({ state, failure, reason: null, checkpoint: "worked" }, 0)).toMatchObject({
      checkpoint,
      state: "queued",
    });
  });

  it("forgets the end and the commands of before", () => {
    const patch = retryPatch({ state: "failed", failure: "agent", reason: null, checkpoint: "prepared" }, 0);
    expect(patch).toMatchObject({ outcome: null, failure: null, stop: null, cancel: null, lost: 0 });
  });
});
