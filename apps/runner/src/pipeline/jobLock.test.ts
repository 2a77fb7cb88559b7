import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { JobLock } from "./jobLock.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Create a lock of 100 s. @param renew the answer of Redis */
function lock(renew: () => Promise<boolean>) {
  const on = {
    onExpiringSoon: vi.fn<() => void>(),
    onLost: vi.fn<() => void>(),
    onError: vi.fn<(error: unknown) => void>(),
  };
  return { lock: new JobLock({ lockSeconds: 100, renew, ...on }), ...on };
}

const never = () => new Promise<boolean>(() => {});
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

it("releases the job before the agent must be dead, and both happen before the lock ends", async () => {
  let offline = false;
  const { lock: it, onExpiringSoon } = lock(() => (offline ? never() : Promise.resolve(true)));
  await pass(500_000);
  offline = true;
  const last = it.timeLeftMs();
  await pass(74_000 - (80_000 - last));
  expect(onExpiringSoon).not.toHaveBeenCalled();
  await pass(1000);
  expect(onExpiringSoon).toHaveBeenCalledOnce();
  expect(it.timeLeftMs()).toBe(5000);
  await pass(5000);
  expect(it.timeLeftMs()).toBe(0);
});

it("gives a heartbeat no more time than the lock has", async () => {
  const { lock: it } = lock(never);
  await pass(30_000);
  expect(it.timeLeftMs()).toBe(50_000);
  expect(it.timeLeftMs()).toBe(50_000);
});

it("counts a late answer from the moment of its request", async () => {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const { lock: it, onExpiringSoon } = lock(() => promise);
  await pass(60_000);
  resolve(true);
  await pass(0);
  expect(it.timeLeftMs()).toBeLessThan(30_000);
  expect(onExpiringSoon).not.toHaveBeenCalled();
});

it("distinguishes the lock of another process from a Redis that refuses requests", async () => {
  let answer = () => Promise.reject<boolean>(new Error("OOM"));
  const { lock: it, onLost, onError, onExpiringSoon } = lock(() => answer());
  await pass(60_000);
  expect(onError.mock.calls.length).toBeGreaterThan(3);
  expect([onLost.mock.calls.length, onExpiringSoon.mock.calls.length]).toEqual([0, 0]);
  answer = () => Promise.resolve(false);
  await pass(10_000);
  expect(onLost).toHaveBeenCalled();
  it.close();
});

it("calls nothing after its job ended", async () => {
  const { lock: it, onExpiringSoon, onLost } = lock(() => Promise.resolve(false));
  it.close();
  await pass(1_000_000);
  expect([onExpiringSoon.mock.calls.length, onLost.mock.calls.length]).toEqual([0, 0]);
});
