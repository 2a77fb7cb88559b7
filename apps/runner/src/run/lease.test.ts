import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Lease } from "./lease.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function lease() {
  const onLapse = vi.fn<() => void>();
  return { lease: new Lease({ lockSeconds: 100, onLapse }), onLapse };
}

it("counts from the last renewal: the job is let go of before the agent must be dead, and that before the lock ends", () => {
  const { lease: it, onLapse } = lease();
  vi.advanceTimersByTime(60_000);
  it.renewed();
  vi.advanceTimersByTime(70_000);
  expect(onLapse).not.toHaveBeenCalled();
  vi.advanceTimersByTime(5000);
  expect(onLapse).toHaveBeenCalledOnce();
  expect(it.leftMs()).toBe(5000);
  vi.advanceTimersByTime(5000);
  expect(it.leftMs()).toBe(0);
});

it("no heartbeat gives more time than what is left", () => {
  const { lease: it } = lease();
  vi.advanceTimersByTime(30_000);
  expect(it.leftMs()).toBe(50_000);
  expect(it.leftMs()).toBe(50_000);
});

it("says nothing after its job's end", () => {
  const { lease: it, onLapse } = lease();
  it.close();
  vi.advanceTimersByTime(1_000_000);
  expect(onLapse).not.toHaveBeenCalled();
});
