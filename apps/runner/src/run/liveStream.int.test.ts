import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readRunStream } from "@tac8/core/conversation/stream";
import { createLogger } from "@tac8/core/log/logger";
import { connectRedis } from "@tac8/core/queue/redis";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { startRedisServer, type RedisServer } from "@tac8/sandbox/redis";
import { openLiveStream } from "./liveStream.ts";

const log = createLogger({ name: "test", secrets: [], destination: { write: () => undefined } });
const redact = (text: string) => text;
const event = (text: string) => ({ at: 1, kind: "text" as const, text });
let dir = "";
let server: RedisServer;
let redis: Redis;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-live-"));
  server = await startRedisServer({ dir });
  redis = connectRedis(server.url, { name: "test", onError: () => undefined });
  await redis.ping();
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
  await rm(dir, { recursive: true });
});

test("the last entries are written at the end, once", async () => {
  const live = openLiveStream({ redis, runId: "run-1", log, redact });
  live.add(event("one"));
  live.add(event("two"));
  await Promise.all([live.close(), live.close()]);
  const { events } = await readRunStream(redis, { run: "run-1", after: "0", count: 10 });
  expect(events.map(({ text }) => text)).toEqual(["one", "two"]);
});

fieldTest("F7", "the end of a run does not wait for a Redis that is connected but does not answer", async () => {
  await redis.ping();
  const live = openLiveStream({ redis, runId: "run-2", log, redact, closeMs: 50 });
  process.kill(server.pid, "SIGSTOP");
  try {
    live.add(event("one"));
    await live.close();
  } finally {
    process.kill(server.pid, "SIGCONT");
  }
  await redis.ping();
});
