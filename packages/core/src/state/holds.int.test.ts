import { afterAll, beforeAll, expect, test } from "vitest";
import { readEvents } from "./events.ts";
import { readHolds, setHold } from "./holds.ts";
import { startTestRedis, type TestRedis } from "./redisServer.fixture.ts";

let server: TestRedis;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.close());

test("of many who set a hold at once the longest wins, and it begins once", async () => {
  const { redis } = server;
  const hold = { name: "usage-limit", reason: "limit", by: "runner", since: 1 };
  const began = await Promise.all([10, 30, null, 20].map((until) => setHold(redis, { ...hold, until })));
  expect(began.filter(Boolean)).toHaveLength(1);
  expect(await readHolds(redis)).toEqual([{ ...hold, until: null }]);
  expect((await readEvents(redis, { count: 10 })).map(({ to }) => to)).toEqual(["hold"]);
});
