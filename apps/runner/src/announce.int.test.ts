import { afterAll, beforeAll, expect, test } from "vitest";
import { announceRunner, type RunnerPresence } from "@tac8/core/state/presence";
import { startTestRedis, type TestRedis } from "@tac8/core/state/redisServer.fixture";
import { announce } from "./announce.ts";

let server: TestRedis;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.close());

const presence = (instance: string): RunnerPresence => ({
  id: "a/0",
  name: "pi/0",
  host: "pi",
  pid: 1,
  slots: 1,
  busy: 0,
  instance,
  at: Date.now(),
});

test("a process that announces the same runner is noticed; what was there before is not", async () => {
  const { redis } = server;
  await announceRunner(redis, presence("former"));
  const { promise, resolve } = Promise.withResolvers<(string | undefined)[]>();
  const announcing = await announce({
    redis,
    look: () => presence("own"),
    before: async () => undefined,
    tally: async () => undefined,
    onOther: (other, own) => resolve([other.instance, own.instance]),
    onError: () => undefined,
    everyMs: 20,
  });
  await announceRunner(redis, presence("copy"));
  expect(await promise).toEqual(["copy", "own"]);
  await announcing.close();
});
