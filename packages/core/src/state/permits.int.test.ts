import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { counterKey, DEFERRED_KEY } from "./keys.ts";
import { permitsTaken, rankDeferred, deferredReasons, takePermit, takeDeferred, deferJob } from "./permits.ts";
import { startTestRedis, type TestRedis } from "./redisServer.fixture.ts";

let server: TestRedis;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.close());
beforeEach(() => server.redis.flushall());

const BIG = { name: "limit:label:big", most: 3 };
const HELLO = { name: "limit:repository:octo/hello", most: 5 };
const take = (member: string, counters = [BIG, HELLO], lifeMs = 60_000) =>
  takePermit(server.redis, { counters, member, lifeMs });

it("of many runs that ask at once, as many get a permit as the limit allows, and a refused one counts nowhere", async () => {
  const found = await Promise.all(Array.from({ length: 40 }, (_, index) => take(`job-${index} t`)));
  expect(found.filter((each) => "permit" in each)).toHaveLength(3);
  expect(found.filter((each) => "full" in each && each.full === BIG)).toHaveLength(37);
  expect([await permitsTaken(server.redis, BIG.name), await permitsTaken(server.redis, HELLO.name)]).toEqual([3, 3]);
});

it("a permit that is released is another run's, and one that was renewed is not", async () => {
  const one = { ...BIG, most: 1 };
  const first = await take("a", [one]);
  if (!("permit" in first)) throw new Error("no permit");
  await first.permit.renew();
  expect(await take("b", [one])).toEqual({ full: one });
  await first.permit.release();
  expect(await take("b", [one])).toHaveProperty("permit");
});

it("a run that was lost is counted no longer than its life, and again when it turns out to live", async () => {
  const two = { ...BIG, most: 2 };
  await take("long", [two]);
  const first = await take("a", [two], 20);
  if (!("permit" in first)) throw new Error("no permit");
  await expect.poll(async () => "permit" in (await take("b", [two])), { timeout: 60_000 }).toBe(true);
  await first.permit.renew();
  expect(await server.redis.zcard(counterKey(two.name))).toBe(3);
});

it("the same run takes its permit once", async () => {
  const one = { ...BIG, most: 1 };
  await take("a", [one]);
  expect(await take("a", [one])).toHaveProperty("permit");
  expect(await permitsTaken(server.redis, one.name)).toBe(1);
});

it("without a limit nothing is counted", async () => {
  expect(await take("a", [])).toHaveProperty("permit");
  expect(await server.redis.dbsize()).toBe(0);
});

it("the most urgent of those that wait comes first, then the oldest", async () => {
  const { redis } = server;
  const wait = (jobId: string, priority: number, since: number) =>
    deferJob(redis, { reason: "runs-on:big", jobId, priority, since });
  await wait("young", 5, 1_795_600_000_002);
  await wait("old", 5, 1_795_600_000_001);
  await wait("urgent", 1, 1_795_600_000_003);
  await wait("raised", 5, 1_795_600_000_004);
  await rankDeferred(redis, { reason: "runs-on:big", jobId: "raised", priority: 3, since: 1_795_600_000_004 });
  await rankDeferred(redis, { reason: "runs-on:big", jobId: "elsewhere", priority: 3, since: 1 });
  expect(await deferredReasons(redis)).toEqual(["runs-on:big"]);
  expect(await takeDeferred(redis, "runs-on:big", 0)).toEqual([]);
  expect(await takeDeferred(redis, "runs-on:big", 2)).toEqual(["urgent", "raised"]);
  expect(await takeDeferred(redis, "runs-on:big", 9)).toEqual(["old", "young"]);
  expect(await redis.exists(DEFERRED_KEY)).toBe(0);
});
