import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createLogger } from "@tac8/core/log/logger";
import { startRedisServer, type RedisServer } from "@tac8/sandbox/redis";
import type { HostReading } from "./judge.ts";
import { watchHost, type HostWatch } from "./watch.ts";

const LIMITS = { min_free_memory_mb: 500, min_free_disk_gb: 0, max_load_per_core: 0, max_temperature_c: 0 };

let dir = "";
let server: RedisServer;
let redis: Redis;
let queue: Queue;
let worker: Worker;
let watch: HostWatch;
const logged: string[] = [];
const done: string[] = [];
let free = 0;
/** What a running job waits for. */
let gate = Promise.withResolvers<void>();

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-watch-"));
  server = await startRedisServer({ dir });
  redis = new Redis(server.url, { maxRetriesPerRequest: null });
  queue = new Queue("q", { connection: redis });
  const log = createLogger({ name: "test", secrets: [], destination: { write: (line) => void logged.push(line) } });
  free = 100;
  gate = Promise.withResolvers();
  const read = () =>
    Promise.resolve<HostReading>({
      dataFolder: null,
      clock: null,
      freeMemoryMb: free,
      freeDiskGb: null,
      loadPerCore: null,
      temperatureC: null,
    });
  watch = await watchHost({ limits: LIMITS, log, everyMs: 5, read });
  worker = new Worker(
    "q",
    async (job) => {
      if (job.name === "long") await gate.promise;
      done.push(job.name);
    },
    { connection: redis, concurrency: 2 },
  );
  await watch.govern(worker);
});
afterEach(async () => {
  gate.resolve();
  await watch.close();
  await worker.close();
  await queue.close();
  redis.disconnect();
  await server.stop();
  await rm(dir, { recursive: true });
});

const isTired = (tired: boolean) => expect.poll(() => worker.isPaused() && watch.tired !== null).toBe(tired);
const finished = (name: string) => expect.poll(() => done.includes(name), { timeout: 60_000 }).toBe(true);

test("a tired host starts nothing, lets go on what runs, and wakes up by itself", async () => {
  expect(watch.tired).toBe("only 100 MB of memory free");
  await queue.add("first", {});
  expect(worker.isPaused()).toBe(true);
  free = 4000;
  await finished("first");

  await queue.add("long", {});
  await expect.poll(() => queue.getActiveCount()).toBe(1);
  free = 300;
  await isTired(true);
  free = 550; // Better, but not by a good margin.
  gate.resolve();
  await finished("long");
  expect(worker.isPaused()).toBe(true);
  free = 4000;
  await isTired(false);
  await queue.add("last", {});
  await finished("last");
  const said = logged.map((line) => (JSON.parse(line) as { msg: string }).msg.split(":")[0]);
  const [tired, fit] = ["this host is tired, so no new job starts on it", "this host is fit for work again"];
  expect(said).toEqual([tired, fit, tired, fit]);
});
