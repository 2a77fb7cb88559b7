import { DelayedError } from "bullmq";
import { LostRun } from "@tac8/core/state/issueStore";
import { expect, test } from "vitest";
import { goOnAfter } from "./lostRun.ts";

const lost = new LostRun("octo.widgets.1", "run-1");

test("where the job's lock is still ours, the next pick-up goes on, and no attempt is burnt", async () => {
  const moved: unknown[] = [];
  const job = { moveToDelayed: async (...args: unknown[]) => void moved.push(args) };
  await expect(goOnAfter(lost, { job, token: "t", now: 1000 })).rejects.toBeInstanceOf(DelayedError);
  expect(moved).toEqual([[1100, "t"]]);
});

test("where somebody else has the job, it is theirs", async () => {
  const job = { moveToDelayed: () => Promise.reject(new Error("Missing lock for job")) };
  await expect(goOnAfter(lost, { job, token: "t", now: 1000 })).rejects.toBe(lost);
});
