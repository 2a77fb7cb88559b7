import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DelayedError, Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { afterEach, beforeEach, expect, test } from "vitest";
import { admissionText } from "@tac8/core/domain/admission";
import type { Reason } from "@tac8/core/domain/healthLevels";
import type { HostReading } from "@tac8/core/domain/host";
import { publishEvaluation } from "@tac8/core/state/healthEvaluation";
import { createLogger } from "@tac8/core/log/logger";
import { pauseRunner, resumeRunner } from "@tac8/core/state/pause";
import { startRedisServer, type RedisServer } from "@tac8/sandbox/redis";
import { keepAdmission, type AdmissionKeeper } from "./keepAdmission.ts";

const SLOTS = 4;
const LIMITS = { min_free_memory_mb: 500, min_free_disk_gb: 1, max_load_per_core: 0, max_temperature_c: 0 };
const RUNNER = { id: "folder/0", name: "pi-1/0" };
let dir = "";
let server: RedisServer;
let redis: Redis;
let queue: Queue;
let worker: Worker;
let keeper: AdmissionKeeper;
let running: { readonly name: string; readonly end: () => void }[] = [];
let most = 0;
let clearedUp = 0;
let freeMemoryMb = 4000;
let freeDiskGb = 20;
const logged: string[] = [];
const done: string[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-admission-"));
  server = await startRedisServer({ dir });
  redis = new Redis(server.url, { maxRetriesPerRequest: null });
  queue = new Queue("q", { connection: redis });
  running = [];
  most = clearedUp = 0;
  freeMemoryMb = 4000;
  freeDiskGb = 20;
  logged.length = 0;
  done.length = 0;
});
afterEach(async () => {
  const ending = setInterval(() => running.forEach(({ end }) => end()), 5);
  await queue.drain(true);
  await worker.close();
  clearInterval(ending);
  await keeper.close();
  await queue.close();
  redis.disconnect();
  await server.stop();
  await rm(dir, { recursive: true });
});

/**
 * Start a runner's keeper and worker. A worker that waits while it is paused receives one more job, which is requeued.
 */
async function begin(): Promise<void> {
  const log = createLogger({ name: "test", secrets: [], destination: { write: (line) => void logged.push(line) } });
  const read = () =>
    Promise.resolve<HostReading>({
      dataFolder: null,
      clock: null,
      freeMemoryMb,
      freeDiskGb,
      loadPerCore: null,
      temperatureC: null,
    });
  keeper = await keepAdmission({
    redis,
    runner: RUNNER,
    host: () => "pi-1",
    slots: SLOTS,
    limits: LIMITS,
    read,
    log,
    now: Date.now,
    everyMs: 5,
  });
  worker = new Worker(
    "q",
    async (job, token) => {
      if (running.length >= keeper.limit) {
        await job.moveToDelayed(Date.now() + 50, token);
        throw new DelayedError();
      }
      const over = Promise.withResolvers<void>();
      const entry = { name: job.name, end: () => over.resolve() };
      running.push(entry);
      most = Math.max(most, running.length);
      keeper.jobsChanged();
      await over.promise;
      running.splice(running.indexOf(entry), 1);
      done.push(job.name);
      keeper.jobsChanged();
    },
    { connection: redis, concurrency: SLOTS },
  );
  const clearUp = () => void (clearedUp += 1);
  await keeper.govern({ worker, busy: () => running.length, clearUp });
}

async function publish(...reasons: Partial<Reason>[]): Promise<void> {
  const all = reasons.map((change): Reason => {
    return { level: "degraded", code: "failures", text: "many runs fail", action: "slow", host: null, ...change };
  });
  const now = Date.now();
  await publishEvaluation(redis, { level: "degraded", reasons: all, at: now, since: now, calmSince: null });
}

const add = (count: number) =>
  queue.addBulk(Array.from({ length: count }, (_, index) => ({ name: `${index}`, data: {} })));
const becomes = (check: () => unknown, value: unknown) => expect.poll(check, { timeout: 60_000 }).toEqual(value);
const busy = () => running.length;
const state = () => keeper.admission.state;
const messages = () => logged.map((line) => (JSON.parse(line) as { msg: string }).msg);

test("an overloaded host starts no new job, continues its running jobs, and accepts jobs again by itself", async () => {
  freeMemoryMb = 100;
  await begin();
  expect(admissionText(keeper.admission)).toBe("closed: only 100 MB of free memory");
  expect([keeper.limit, worker.isPaused()]).toEqual([0, true]);
  await add(1);
  freeMemoryMb = 4000;
  await becomes(busy, 1);

  freeMemoryMb = 300;
  await becomes(() => worker.isPaused(), true);
  freeMemoryMb = 550; // Better, but the margin for recovery is not reached.
  running[0]?.end();
  await becomes(() => [done.length, keeper.reading.freeMemoryMb], [1, 550]);
  expect([state(), worker.isPaused()]).toEqual(["closed", true]);
  freeMemoryMb = 4000;
  await becomes(() => [state(), worker.isPaused()], ["open", false]);
  await add(1);
  await becomes(busy, 1);
  const [overloaded, fit] = ["host overloaded", "host recovered"];
  expect(messages().map((line) => line.split(":")[0])).toEqual([overloaded, fit, overloaded, fit]);
});

test("a paused runner starts nothing, even if its host is not overloaded or the pause is older than the runner", async () => {
  await pauseRunner(redis, { runner: RUNNER, by: "ann@pi", reason: "an upgrade", now: 1 });
  await begin();
  expect(admissionText(keeper.admission)).toBe("closed: paused by ann@pi: an upgrade");
  expect(worker.isPaused()).toBe(true);
  await add(1);
  // Both at once: the end of only one of them is not enough.
  freeMemoryMb = 100;
  await becomes(() => keeper.admission.causes.length, 2);
  await resumeRunner(redis, { runner: RUNNER, by: "ann@pi" });
  keeper.check();
  await becomes(() => keeper.paused, null);
  expect([state(), worker.isPaused(), busy()]).toEqual(["closed", true, 0]);
  freeMemoryMb = 4000;
  await becomes(busy, 1);

  keeper.toggle("SIGUSR1");
  await becomes(() => [state(), worker.isPaused(), busy()], ["closed", true, 1]);
  keeper.toggle("SIGUSR1");
  await becomes(() => worker.isPaused(), false);
});

test("degraded health: half of the slots accept jobs and running jobs continue; recovered: all slots accept jobs", async () => {
  await begin();
  await publish({});
  await becomes(() => keeper.limit, 2);
  await add(6);
  await becomes(busy, 2);
  await becomes(() => worker.isPaused(), true);
  running[0]?.end();
  await becomes(async () => [busy(), await queue.getCompletedCount()], [2, 1]);
  expect(most).toBe(2);

  await publish();
  await becomes(busy, 4);
  await publish({});
  await becomes(() => [keeper.limit, busy(), worker.isPaused()], [2, 4, true]); // No running job is stopped.
  running[0]?.end();
  running[1]?.end();
  await becomes(async () => [busy(), await queue.getCompletedCount()], [2, 3]);
  expect(worker.isPaused()).toBe(true);
  const slow = "using only 2 of 4 slots: many runs fail";
  expect(messages()).toEqual([slow, "all slots accept jobs again", slow]);
});

test("only problems of the runner's own host slow it down; low disk space starts the janitor once", async () => {
  await begin();
  await publish({ code: "lag:pi-2/0", host: "pi-2" });
  await add(4);
  await becomes(busy, 4);
  await publish({ code: "lag:pi-1/0", host: "pi-1", text: "late" });
  await becomes(() => [keeper.limit, clearedUp], [2, 0]);
  freeDiskGb = 1.9;
  await becomes(
    () => [admissionText(keeper.admission), clearedUp],
    ["half open: only 1.9 GB of free disk space, late", 1],
  );
  freeDiskGb = 0.9;
  await becomes(() => state(), "closed");
  await publish();
  freeDiskGb = 2.3; // Better, but the margin for recovery is not reached.
  await becomes(() => admissionText(keeper.admission), "half open: only 2.3 GB of free disk space");
  expect(clearedUp).toBe(1);
  freeDiskGb = 20;
  await becomes(() => state(), "open");
  freeDiskGb = 1.9;
  await becomes(() => clearedUp, 2);
});

test("the host is measured even while Redis is unreachable", async () => {
  await begin();
  process.kill(server.pid, "SIGSTOP"); // Redis neither answers nor closes the connection.
  try {
    freeMemoryMb = 100;
    await becomes(() => [state(), worker.isPaused()], ["closed", true]);
  } finally {
    process.kill(server.pid, "SIGCONT");
  }
});
