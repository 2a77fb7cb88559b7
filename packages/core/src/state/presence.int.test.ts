import { afterAll, beforeAll, expect, test } from "vitest";
import { announceRunner, forgetRunners, readRunners } from "./presence.ts";
import { startTestRedis, type TestRedis } from "./redisServer.fixture.ts";

const DAY = 24 * 3_600_000;
const NOW = 1000 * DAY;

let server: TestRedis;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.close());

test("a runner that was killed and was silent for a week is forgotten, and no other", async () => {
  const { redis } = server;
  const days = { killed: 7.1, offline: 6.9, alive: 0 };
  for (const [name, ago] of Object.entries(days)) {
    await announceRunner(redis, { name, at: NOW - ago * DAY, host: name, pid: 1, slots: 1, busy: 0 });
  }
  await forgetRunners(redis, NOW);
  expect((await readRunners(redis)).map(({ name }) => name).toSorted()).toEqual(["alive", "offline"]);
});
