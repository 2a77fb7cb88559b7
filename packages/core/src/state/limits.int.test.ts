import { afterAll, beforeAll, expect, it, test } from "vitest";
import { LIMITS_KEY } from "./keys.ts";
import { otherLimits, publishLimits, readLimits } from "./limits.ts";
import { startTestRedis, type TestRedis } from "./redisServer.fixture.ts";

let server: TestRedis;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.close());

const OWN = { runs: 0, per_repository: {}, per_label: { big: 5 } };
const HOLDING = { runs: 2, per_repository: { "Octo/Hello": 1 }, per_label: { big: 2 } };

test("a runner's own limits hold until a scheduler has published its own, and again when those cannot be read", async () => {
  const { redis } = server;
  expect(await readLimits(redis, OWN)).toEqual(OWN);
  await publishLimits(redis, HOLDING);
  expect(await readLimits(redis, OWN)).toEqual({ ...HOLDING, per_repository: { "octo/hello": 1 } });
  await redis.set(LIMITS_KEY, '{"runs":-1}');
  expect(await readLimits(redis, OWN)).toEqual(OWN);
});

it("names the keys in which a machine differs, and not their order or case", () => {
  const same = { runs: 2, per_repository: { "octo/hello": 1 }, per_label: { big: 2 } };
  expect(otherLimits(same, HOLDING)).toEqual([]);
  expect(otherLimits(OWN, HOLDING)).toEqual(["limits.runs", "limits.per_repository", "limits.per_label"]);
  expect(otherLimits({ ...same, per_label: { big: 3 } }, HOLDING)).toEqual(["limits.per_label"]);
});
