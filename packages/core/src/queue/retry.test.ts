import { describe, expect, it } from "vitest";
import { planRetry, retryPatch } from "./retry.ts";

describe("planRetry", () => {
  it.each([
    ["failed", "failed", { kind: "retry", from: "failed" }],
    ["completed", "pr", { kind: "retry", from: "completed" }],
    ["active", "running", { kind: "running" }],
    ["waiting", "queued", { kind: "waiting", later: false }],
    ["prioritized", "failed", { kind: "waiting", later: false }],
    ["delayed", "retrying", { kind: "waiting", later: true }],
    ["delayed", "blocked", { kind: "blocked" }],
    ["unknown", "withdrawn", { kind: "unknown" }],
  ] as const)("a job that is %s, of an issue that is %s", (job, state, plan) => {
    expect(planRetry(job, { state })).toEqual(plan);
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
