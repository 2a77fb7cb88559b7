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
const claim = (dataFolderId: string) => claimHostName(server.redis, { wanted: "raspberrypi", dataFolderId });

it("the second of two machines with the same host name gets a suffix, and both keep their names", async () => {
  expect([await claim(FIRST), await claim(SECOND)]).toEqual(["raspberrypi", "raspberrypi-77aa"]);
  expect([await claim(SECOND), await claim(FIRST), await claim(FIRST)]).toEqual([
    "raspberrypi-77aa",
    "raspberrypi",
    "raspberrypi",
  ]);
});

it("gives a name only once to simultaneous claims", async () => {
  const names = await Promise.all([claim(FIRST), claim(SECOND)]);
  expect(new Set(names).size).toBe(2);
});

it("frees a name that its machine has not used for a week", async () => {
  await claim(FIRST);
  const left = await server.redis.pttl(hostNameKey("raspberrypi"));
  expect(left).toBeGreaterThan(6 * 24 * 3_600_000);
  await server.redis.del(hostNameKey("raspberrypi")); // The key expires.
  expect(await claim(SECOND)).toBe("raspberrypi");
});
