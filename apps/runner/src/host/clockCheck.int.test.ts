import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { announceRunner, readRunners } from "@tac8/core/state/presence";
import { startTestRedis, type TestRedis } from "@tac8/core/state/redisServer.fixture";
import { createClockCheck } from "./clockCheck.ts";

let server: TestRedis;
beforeAll(async () => {
  server = await startTestRedis();
  await server.redis.ping();
});
afterAll(() => server.close());
afterEach(() => void vi.restoreAllMocks());

const MINUTES = 60_000;
function clockAhead(ms: number): void {
  const { now } = Date;
  vi.spyOn(Date, "now").mockImplementation(() => now() + ms);
}

test("a clock that is ahead of or behind Redis' clock by more than a minute is reported", async () => {
  const check = createClockCheck(server.redis);
  expect(await check()).toBeNull();
  clockAhead(10 * MINUTES);
  expect(await check()).toMatch(/^its clock is (599|600|601) s ahead of Redis': correct it/);
  vi.restoreAllMocks();
  clockAhead(-10 * MINUTES);
  expect(await check()).toMatch(/^its clock is (599|600|601) s behind Redis'/);
  vi.restoreAllMocks();
  expect(await check()).toBeNull();
});

test("a runner whose clock is wrong is shown as seen at the right time, by others and by itself", async () => {
  const { redis } = server;
  const presence = { id: "a/0", name: "pi/0", host: "pi", pid: 1, slots: 1, busy: 0 };
  const age = async () => Math.abs(Date.now() - ((await readRunners(redis))[0]?.at ?? 0));
  clockAhead(10 * MINUTES);
  await announceRunner(redis, { ...presence, at: Date.now() });
  expect(await age()).toBeLessThan(MINUTES);
  vi.restoreAllMocks();
  expect(await age()).toBeLessThan(MINUTES);
});
