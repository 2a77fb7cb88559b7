import { afterAll, beforeAll, expect, test } from "vitest";
import { announceRunner, readRunners, type RunnerPresence } from "@tac8/core/state/presence";
import { startTestRedis, type TestRedis } from "@tac8/core/state/redisServer.fixture";
import { announce, isNews } from "./announce.ts";

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

test("another process that announces the same runner is reported; an entry from before the start is not", async () => {
  const { redis } = server;
  await announceRunner(redis, presence("former"));
  let busy = 0;
  const { promise, resolve } = Promise.withResolvers<(string | undefined)[]>();
  const announcing = await announce({
    redis,
    describe: () => ({ ...presence("own"), busy: (busy += 1) }),
    before: async () => undefined,
    tally: async () => undefined,
    onOther: (other, own) => {
      resolve([other.instance, own.instance]);
      return false;
    },
    onError: () => undefined,
    everyMs: 20,
  });
  await announceRunner(redis, presence("copy"));
  expect(await promise).toEqual(["copy", "own"]);
  await announcing.close();
});

test("a runner that ends because of another process leaves it the entry, so its next start detects that process", async () => {
  const { redis } = server;
  let busy = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const announcing = await announce({
    redis,
    describe: () => ({ ...presence("own"), busy: (busy += 1) }),
    before: async () => undefined,
    tally: async () => undefined,
    onOther: () => {
      resolve();
      return true;
    },
    onError: () => undefined,
    everyMs: 20,
  });
  await announceRunner(redis, presence("copy"));
  await promise;
  await announcing.close();
  const [entry] = await readRunners(redis);
  expect(entry).toMatchObject({ id: "a/0", instance: "copy" });
});

test("a runner that ends during an announcement leaves no entry", async () => {
  const { redis } = server;
  const begun = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  let count = 0;
  const announcing = await announce({
    redis,
    describe: () => ({ ...presence("own"), busy: (count += 1) }),
    before: async () => {
      if (count === 0) return;
      begun.resolve();
      await go.promise;
    },
    tally: async () => undefined,
    onOther: () => false,
    onError: () => undefined,
    everyMs: 20,
  });
  await begun.promise;
  const closed = announcing.close();
  await redis.ping();
  go.resolve();
  await closed;
  for (let asked = 0; asked < 10; asked += 1) await redis.ping(); // Longer than an announcement takes.
  expect(await readRunners(redis)).toEqual([]);
});

test("changes are announced at once, and readings every ten seconds", () => {
  const last = presence("own");
  const later = (ms: number, change: Partial<RunnerPresence> = {}) => ({ ...last, at: last.at + ms, ...change });
  const process = { rssMb: 7, lagMs: 1, startedAt: 1 };
  expect(isNews(null, last)).toBe(true);
  expect(isNews(last, later(5000, { process }))).toBe(false);
  expect(isNews(last, later(10_000, { process }))).toBe(true);
  expect(isNews(last, later(5000, { busy: 1 }))).toBe(true);
  expect(isNews(last, later(5000, { tired: "hot" }))).toBe(true);
  expect(isNews(last, later(-60_000))).toBe(true);
});
