import { Worker } from "bullmq";
import { afterEach, beforeEach, expect, test } from "vitest";
import { QUEUE_NAME } from "@tac8/core/queue/contract";
import { createHarness, type Harness } from "./harness.fixture.ts";
import { rescueStalled } from "./stalled.ts";

let at: Harness;
beforeEach(async () => {
  at = await createHarness();
});
afterEach(() => at.close());

test("the job of a runner that died waits again, although all workers are paused", async () => {
  const number = at.openIssue();
  await at.poll();
  const dead = new Worker(QUEUE_NAME, null, { connection: at.redis, autorun: false, lockDuration: 500 });
  await dead.getNextJob("token");
  expect(await at.statusOf(number)).toBe("active:queued");
  const close = await rescueStalled({ redis: at.redis, lockSeconds: 1, onError: () => undefined });
  try {
    await expect.poll(() => at.statusOf(number), { timeout: 60_000 }).toMatch(/^(waiting|prioritized):queued$/);
  } finally {
    await close();
    await dead.close();
  }
});
