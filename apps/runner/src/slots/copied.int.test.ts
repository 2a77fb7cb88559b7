import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { announceRunner } from "@tac8/core/state/presence";
import { startTestRedis, type TestRedis } from "@tac8/core/state/redisServer.fixture";
import { bootId, findCopy } from "./copied.ts";

let server: TestRedis;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.close());
beforeEach(() => server.redis.flushall());
afterEach(() => vi.restoreAllMocks());

const { signal } = new AbortController();
const find = (waitMs = 0) => findCopy({ redis: server.redis, id: "a/0", boot: "here", signal, waitMs });
const announce = (boot: string, ageMs = 0) =>
  announceRunner(server.redis, {
    id: "a/0",
    name: "pi/0",
    host: "pi",
    pid: 1,
    slots: 1,
    busy: 0,
    at: Date.now() - ageMs,
    boot,
  });

test("a runner with the same id that is at work on another machine is found", async () => {
  await announce("elsewhere", 6000);
  const found = find(200);
  await announce("elsewhere");
  expect(await found).toBe("pi/0");
});

test.each<[string, string, number]>([
  ["none of the same machine, whose slot was free", "here", 0],
  ["none that has been silent for long", "elsewhere", 60_000],
  ["none that was there before a reboot, and is silent since", "elsewhere", 10_000],
])("%s", async (_, boot, ageMs) => {
  await announce(boot, ageMs);
  expect(await find()).toBeNull();
});

test("none where only the clock of this machine was set meanwhile", async () => {
  const { redis } = server;
  await announce("elsewhere");
  const started = Date.now() - performance.now();
  const hgetall = redis.hgetall.bind(redis);
  let looks = 0;
  vi.spyOn(redis, "hgetall").mockImplementation((key) => {
    looks += 1;
    return hgetall(key);
  });
  // From the second look on, an hour more.
  vi.spyOn(Date, "now").mockImplementation(() => started + performance.now() + (looks > 1 ? 3_600_000 : 0));
  expect(await find()).toBeNull();
});

test("none where there is none, and this machine's boot has an id", async () => {
  expect(await find()).toBeNull();
  expect(await bootId()).toMatch(/^[0-9a-f-]{36}$/);
});
