import { expect, test } from "vitest";
import { EarlyStart, type EarlyProcess } from "./early.ts";

class FakeProcess implements EarlyProcess {
  alive = true;
  ends = 0;
  isAlive(): boolean {
    return this.alive;
  }
  async end(): Promise<void> {
    this.ends += 1;
  }
}

function open() {
  const started: FakeProcess[] = [];
  const early = new EarlyStart(() => {
    const process = new FakeProcess();
    started.push(process);
    return process;
  });
  return { early, started };
}

test("a process that was started early is taken once, and is the taker's to end", async () => {
  const { early, started } = open();
  early.start();
  early.start();
  expect(started).toHaveLength(1);
  expect(await early.take()).toBe(started[0]);
  expect(await early.take()).toBeNull();
  await early[Symbol.asyncDispose]();
  expect(started[0]?.ends).toBe(0);
});

test("a process that nobody takes is ended, once", async () => {
  const { early, started } = open();
  early.start();
  await early[Symbol.asyncDispose]();
  await early[Symbol.asyncDispose]();
  expect(started[0]?.ends).toBe(1);
  expect(await early.take()).toBeNull();
});

test("a process that died while it waited is not taken", async () => {
  const { early, started } = open();
  early.start();
  Object.assign(started[0] ?? {}, { alive: false });
  expect(await early.take()).toBeNull();
  expect(started[0]?.ends).toBe(1); // What it left is released.
});

test("nothing waits if the process could not be started, or was not", async () => {
  const early = new EarlyStart<FakeProcess>(() => null);
  expect(await early.take()).toBeNull();
  early.start();
  expect(await early.take()).toBeNull();
  await early[Symbol.asyncDispose]();
});
