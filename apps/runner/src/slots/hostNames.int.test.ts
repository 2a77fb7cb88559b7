import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { claimHostName } from "./hostNames.ts";
import { hostNameKey } from "@tac8/core/state/keys";
import { startTestRedis, type TestRedis } from "@tac8/core/state/redisServer.fixture";

let server: TestRedis;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.close());
beforeEach(() => server.redis.flushall());

const FIRST = "3f2a91c0-0000-4000-8000-000000000001";
const SECOND = "77aa91c0-0000-4000-8000-000000000002";
const claim = (homeId: string) => claimHostName(server.redis, { wanted: "raspberrypi", homeId });

it("of two machines with one host name, the later one gets a suffix, and both keep their names", async () => {
  expect([await claim(FIRST), await claim(SECOND)]).toEqual(["raspberrypi", "raspberrypi-77aa"]);
  expect([await claim(SECOND), await claim(FIRST), await claim(FIRST)]).toEqual([
    "raspberrypi-77aa",
    "raspberrypi",
    "raspberrypi",
  ]);
});

it("claims at the same time give one name once", async () => {
  const names = await Promise.all([claim(FIRST), claim(SECOND)]);
  expect(new Set(names).size).toBe(2);
});

it("a name that its machine has not used for a week is free again", async () => {
  await claim(FIRST);
  const left = await server.redis.pttl(hostNameKey("raspberrypi"));
  expect(left).toBeGreaterThan(6 * 24 * 3_600_000);
  await server.redis.del(hostNameKey("raspberrypi")); // As its end does.
  expect(await claim(SECOND)).toBe("raspberrypi");
});
