import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DelayedError, Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Reason } from "@tac8/core/domain/healthLevels";
import { publishVerdict } from "@tac8/core/state/healthVerdict";
import { createLogger } from "@tac8/core/log/logger";
import { startRedisServer, type RedisServer } from "@tac8/sandbox/redis";
import { createBrake } from "./brake.ts";
import { keepPace, type PaceKeeper } from "./keepPace.ts";

const SLOTS = 4;
let dir = "";
let server: RedisServer;
let redis: Redis;
let queue: Queue;
let worker: Worker;
let pace: PaceKeeper;
let running: { readonly name: string; readonly end: () => void }[] = [];
let most = 0;
let clearedUp = 0;
const logged: string[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-pace-"));
  server = await startRedisServer({ dir });
  redis = new Redis(server.url, { maxRetriesPerRequest: null });
  queue = new Queue("q", { connection: redis });
  running = [];
  most = clearedUp = 0;
  logged.length = 0;
  // As the runner's own: a worker that was waiting when it was paused takes one more, which goes back.
  worker = new Worker(
    "q",
    async (job, token) => {
      if (running.length >= pace.limit) {
        await job.moveToDelayed(Date.now() + 50, token);
        throw new DelayedError();
      }
      const over = Promise.withResolvers<void>();
      const entry = { name: job.name, end: () => over.resolve() };
      running.push(entry);
      most = Math.max(most, running.length);
      pace.moved();
      await over.promise;
      running.splice(running.indexOf(entry), 1);
      pace.moved();
    },
    { connection: redis, concurrency: SLOTS },
  );
  const brake = createBrake(worker);
  const log = createLogger({ name: "test", secrets: [], destination: { write: (line) => void logged.push(line) } });
  pace = keepPace({
    redis,
    worker: brake.lever(),
    host: () => "pi-1",
    slots: SLOTS,
    busy: () => running.length,
    clearUp: () => void (clearedUp += 1),
    log,
    now: Date.now,
    everyMs: 5,
  });
});
afterEach(async () => {
  const ending = setInterval(() => running.forEach(({ end }) => end()), 5);
  await queue.drain(true);
  await worker.close();
  clearInterval(ending);
  await pace.close();
  await queue.close();
  redis.disconnect();
  await server.stop();
  await rm(dir, { recursive: true });
});

async function tell(...reasons: Partial<Reason>[]): Promise<void> {
  const all = reasons.map((change): Reason => {
    return { level: "degraded", code: "failures", text: "many runs fail", action: "slow", host: null, ...change };
  });
  const now = Date.now();
  await publishVerdict(redis, { level: "degraded", reasons: all, at: now, since: now, calmSince: null });
}

const add = (count: number) =>
  queue.addBulk(Array.from({ length: count }, (_, index) => ({ name: `${index}`, data: {} })));
const becomes = (look: () => unknown, value: unknown) => expect.poll(look, { timeout: 60_000 }).toEqual(value);
const busy = () => running.length;

test("degraded: half of the slots take jobs, those that run go on; better: all of them", async () => {
  await tell({});
  await becomes(() => pace.limit, 2);
  await add(6);
  await becomes(busy, 2);
  await becomes(() => worker.isPaused(), true);
  running[0]?.end();
  await becomes(async () => [busy(), await queue.getCompletedCount()], [2, 1]);
  expect(most).toBe(2);

  await tell();
  await becomes(busy, 4);
  await tell({});
  await becomes(() => [pace.limit, busy(), worker.isPaused()], [2, 4, true]); // Nobody is stopped for it.
  running[0]?.end();
  running[1]?.end();
  await becomes(async () => [busy(), await queue.getCompletedCount()], [2, 3]);
  expect(worker.isPaused()).toBe(true);
  const said = logged.map((line) => (JSON.parse(line) as { msg: string }).msg);
  const slow = "going slowly, with 2 of 4 slots: many runs fail";
  expect(said).toEqual([slow, "all slots take jobs again", slow]);
});

test("only a machine's own trouble slows it down; a short disk is cleared up once", async () => {
  await tell({ code: "disk:pi-2", host: "pi-2" });
  await add(4);
  await becomes(busy, 4);
  await tell({ code: "disk:pi-1", host: "pi-1" });
  await becomes(() => [pace.limit, clearedUp], [2, 1]);
  await tell({ code: "disk:pi-1", host: "pi-1", text: "still" }, { code: "failures" });
  await tell();
  await becomes(() => pace.limit, 4);
  expect(clearedUp).toBe(1);
  await tell({ code: "disk:pi-1", host: "pi-1" });
  await becomes(() => clearedUp, 2);
});
