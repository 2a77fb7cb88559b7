import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { announceRunner } from "@tac8/core/state/presence";
import { startTestRedis, type TestRedis } from "@tac8/core/state/redisServer.fixture";
import { readMachineIds } from "@tac8/core/process/machineIds";
import { findCopy, isLaterCopy } from "./copied.ts";

let server: TestRedis;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.close());
beforeEach(() => server.redis.flushall());
afterEach(() => vi.restoreAllMocks());

const { signal } = new AbortController();
const machine = { boot: "here", pidNamespace: "pid:[1]" };
const find = (waitMs = 0) => findCopy({ redis: server.redis, id: "a/0", machine, signal, waitMs });
const announce = (boot: string, ageMs = 0, process: { pid?: number; pidNamespace?: string; instance?: string } = {}) =>
  announceRunner(server.redis, {
    id: "a/0",
    name: "pi/0",
    host: "pi",
    pid: 1,
    slots: 1,
    busy: 0,
    at: Date.now() - ageMs,
    boot,
    ...process,
  });

test("finds a running runner with the same id on another machine", async () => {
  await announce("elsewhere", 6000);
  const found = find(200);
  await announce("elsewhere");
  expect(await found).toBe("pi/0");
});

test("logs a line before it waits for another runner, and no line if it does not wait", async () => {
  const lines: string[] = [];
  const wait = () =>
    findCopy({ redis: server.redis, id: "a/0", machine, signal, waitMs: 0, onWait: (line) => lines.push(line) });
  await wait();
  expect(lines).toEqual([]);
  await announce("elsewhere");
  await wait();
  expect(lines).toEqual([expect.stringMatching(/^pi\/0 did not shut down properly, .*: waiting for 0 s/)]);
});

test("on the same kernel, finds the runner of a copied folder while its process is alive, or if it is in another container", async () => {
  const own = { pidNamespace: machine.pidNamespace, instance: "a" };
  const again = async (process: { pid?: number; pidNamespace: string; instance: string }) => {
    await announce("here", 6000, process);
    const found = find(200);
    await announce("here", 0, process);
    return found;
  };
  expect(await again({ ...own, pid: process.pid })).toBe("pi/0");
  const child = spawn("true");
  await once(child, "exit");
  // A pid of another container proves nothing here.
  expect(await again({ ...own, pid: child.pid ?? 0, pidNamespace: "pid:[2]" })).toBe("pi/0");
  expect(await again({ ...own, pid: child.pid ?? 0 })).toBeNull();
  // It ended, and another runner has started in its place meanwhile.
  await announce("here", 6000, { ...own, pid: process.pid });
  const found = find(200);
  await announce("here", 0, { ...own, pid: process.pid, instance: "b" });
  expect(await found).toBeNull();
});

test("of two runners that started at once the later one ends, but not if the other one has an older version", () => {
  const runner = (instance: string, startedAt: number) => ({
    name: "pi/0",
    host: "pi",
    at: 1,
    pid: 1,
    slots: 1,
    busy: 0,
    instance,
    process: { rssMb: 1, lagMs: 0, startedAt },
  });
  expect(isLaterCopy(runner("a", 2), runner("b", 1))).toBe(true);
  expect(isLaterCopy(runner("a", 1), runner("b", 2))).toBe(false);
  expect(isLaterCopy(runner("a", 1), runner("b", 1))).toBe(false);
  expect(isLaterCopy(runner("b", 1), runner("a", 1))).toBe(true);
  expect(isLaterCopy(runner("a", 2), runner("a", 1))).toBe(false);
  const { instance: _, ...older } = runner("b", 1);
  expect(isLaterCopy(runner("a", 2), older)).toBe(false);
});

test.each<[string, string, number]>([
  ["a runner of the same machine, whose slot was free", "here", 0],
  ["a runner whose presence is old", "elsewhere", 60_000],
  ["a runner from before a reboot", "elsewhere", 10_000],
])("%s", async (_, boot, ageMs) => {
  await announce(boot, ageMs);
  expect(await find()).toBeNull();
});

test("finds no runner if only the clock of this machine was changed meanwhile", async () => {
  const { redis } = server;
  await announce("elsewhere");
  const started = Date.now() - performance.now();
  const hgetall = redis.hgetall.bind(redis);
  let checks = 0;
  vi.spyOn(redis, "hgetall").mockImplementation((key) => {
    checks += 1;
    return hgetall(key);
  });
  // From the second check on, the clock is an hour ahead.
  vi.spyOn(Date, "now").mockImplementation(() => started + performance.now() + (checks > 1 ? 3_600_000 : 0));
  expect(await find()).toBeNull();
});

test("finds no runner without an entry, and reads the boot id of this machine", async () => {
  expect(await find()).toBeNull();
  expect(await readMachineIds()).toEqual({
    boot: expect.stringMatching(/^[0-9a-f-]{36}$/),
    pidNamespace: expect.stringMatching(/^pid:\[\d+\]$/),
  });
});
