import { describe, expect, it } from "vitest";
import { backoffStrategy, jobOptions, releaseAfter, guardKillsAfter, workerTimes } from "./contract.ts";

describe("workerTimes", () => {
  it.each([1, 5, 120, 3600])(
    "%i s: renewed several times within a lock, and the agent is dead before it ends",
    (lock) => {
      const { lockDuration = 0, lockRenewTime = 0, stalledInterval = 0 } = workerTimes(lock);
      expect(lockDuration).toBe(lock * 1000);
      expect(lockRenewTime * 5).toBeLessThan(lockDuration);
      expect(lockRenewTime * 4).toBeLessThan(releaseAfter(lock));
      expect(releaseAfter(lock)).toBeLessThan(guardKillsAfter(lock));
      expect(guardKillsAfter(lock)).toBeLessThan(lockDuration);
      expect(stalledInterval).toBeLessThan(lockDuration);
    },
  );

  it("an outage of 60 s that begins just before a renewal is over before the job is released", () => {
    const { lockRenewTime = 0 } = workerTimes(120);
    expect(lockRenewTime + 60_000).toBeLessThan(releaseAfter(120));
  });

  it("are the measured ones for 120 s, and never let BullMQ fail a stalled job", () => {
    expect(workerTimes(120)).toMatchObject({ lockDuration: 120_000, lockRenewTime: 20_000, stalledInterval: 15_000 });
    expect(workerTimes(120).maxStalledCount).toBeGreaterThan(1000);
  });
});

it("a job has its attempts, its priority and tac8's own backoff", () => {
  const options = jobOptions({ jobId: "octo.hello.1", priority: "P1", beforeNewWork: false, attempts: 5 });
  expect(options).toMatchObject({ jobId: "octo.hello.1", priority: 4, attempts: 5, backoff: { type: "tac8" } });
  expect(options.removeOnComplete).toMatchObject({ count: expect.any(Number) as number });
  expect(options.keepLogs).toBeGreaterThan(0);
});

it("an error says how long to wait; one that does not waits a minute", () => {
  expect(backoffStrategy(1, "tac8", Object.assign(new Error("x"), { delayMs: 42 }))).toBe(42);
  expect(backoffStrategy(1, "tac8", new Error("x"))).toBe(60_000);
  expect(backoffStrategy(1)).toBe(60_000);
});
