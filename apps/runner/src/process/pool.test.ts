import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ProcessPool, type ReusableProcess } from "./pool.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

class FakeProcess implements ReusableProcess {
  reusable = true;
  ends = 0;
  isReusable(): boolean {
    return this.reusable;
  }
  async end(): Promise<void> {
    this.reusable = false;
    this.ends += 1;
  }
}

function open(maxIdle = 1) {
  const started: FakeProcess[] = [];
  const start = () => {
    const process = new FakeProcess();
    started.push(process);
    return process;
  };
  return { pool: new ProcessPool({ start, maxIdle }), started };
}

test("a released process is taken again, by one run at a time", async () => {
  const { pool, started } = open();
  const first = pool.take();
  const second = pool.take();
  expect(second).not.toBe(first);
  await pool.release(first);
  expect(pool.take()).toBe(first);
  expect(pool.take()).not.toBe(first);
  expect(started).toHaveLength(3);
  expect(first.ends).toBe(0);
});

test("a process that may not be used again is ended", async () => {
  const { pool, started } = open();
  const first = pool.take();
  first.reusable = false;
  await pool.release(first);
  expect(first.ends).toBe(1);
  expect(pool.take()).toBe(started[1]);
});

test("a process that died while it was idle is not taken", async () => {
  const { pool, started } = open();
  const first = pool.take();
  await pool.release(first);
  first.reusable = false;
  expect(pool.take()).toBe(started[1]);
  expect(first.ends).toBe(1);
});

test("a process that died while it was idle does not keep another one from being idle", async () => {
  const { pool, started } = open();
  pool.prepare();
  Object.assign(started[0] ?? {}, { reusable: false });
  pool.prepare();
  expect(started.map(({ ends }) => ends)).toEqual([1, 0]);
  expect(pool.take()).toBe(started[1]);
});

test("no more processes than the limit stay idle", async () => {
  const { pool } = open(2);
  const all = [pool.take(), pool.take(), pool.take()];
  for (const process of all) await pool.release(process);
  expect(all.map(({ ends }) => ends)).toEqual([0, 0, 1]);
});

test("a process that cannot be prepared is an error only for the run that needs it", () => {
  const start = () => {
    throw new Error("too many open files");
  };
  const pool = new ProcessPool({ start, maxIdle: 1 });
  pool.prepare();
  expect(() => pool.take()).toThrow("too many open files");
});

test("a prepared process is started once, and taken", () => {
  const { pool, started } = open();
  pool.prepare();
  pool.prepare();
  expect(started).toHaveLength(1);
  expect(pool.take()).toBe(started[0]);
});

test("an idle process ends after a minute, but not while it works", async () => {
  const { pool, started } = open();
  pool.prepare();
  await vi.advanceTimersByTimeAsync(59_000);
  const process = pool.take();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(process.ends).toBe(0);
  await pool.release(process);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(process.ends).toBe(1);
  expect(pool.take()).toBe(started[1]);
});

test("a closed pool ends its processes, and those that are released later", async () => {
  const { pool } = open();
  const [idle, working] = [pool.take(), pool.take()];
  await pool.release(idle);
  await pool.close();
  await pool.close();
  expect([idle.ends, working.ends]).toEqual([1, 0]);
  await pool.release(working);
  expect(working.ends).toBe(1);
});
