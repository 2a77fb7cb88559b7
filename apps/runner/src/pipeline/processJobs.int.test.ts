import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createLogger } from "@tac8/core/log/logger";
import { logAtMost } from "@tac8/core/log/throttleLog";
import { jobOptions, QUEUE_NAME, type JobData, type JobResult } from "@tac8/core/queue/contract";
import { connectRedis } from "@tac8/core/queue/redis";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { startRedisServer, type RedisServer } from "@tac8/sandbox/redis";
import type { RunnerSlots } from "../slots/slots.ts";
import type { RunnerServices } from "./services.ts";
import { processJobs, type JobProcessor } from "./processJobs.ts";

const ID = "octo.widgets.1";
const log = createLogger({ name: "test", secrets: [], destination: { write: () => undefined } });
let dir = "";
let server: RedisServer;
let queue: Queue<JobData, JobResult>;
let redis: Redis;
let slotsTaken = 0;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-take-"));
  server = await startRedisServer({ dir });
  redis = connectRedis(server.url, { name: "test", onError: () => undefined });
  queue = new Queue(QUEUE_NAME, { connection: redis });
});
afterAll(async () => {
  await queue.close();
  redis.disconnect();
  await server.stop();
  await rm(dir, { recursive: true });
});
beforeEach(async () => {
  slotsTaken = 0;
  await queue.obliterate({ force: true });
});

interface Given {
  readonly shouldLeaveToOther?: () => boolean;
  readonly lockSeconds?: number;
  /** Where a run reads the holds. */
  readonly holds?: Pick<Redis, "hgetall">;
}

/** Start a job processor. It has a slot only if `holds` are given. */
function startProcessor({ shouldLeaveToOther = () => false, lockSeconds = 120, holds }: Given = {}) {
  const connection = connectRedis(server.url, { name: "worker", onError: () => undefined });
  const coordinator = { lock_seconds: lockSeconds, max_concurrent_workers: 1, shutdown_grace_seconds: 10 };
  const config = { coordinator, repositories: [{ owner: "octo", repo: "widgets" }] };
  const services = { log, now: Date.now, config, redis: holds } as unknown as RunnerServices;
  const take = () => {
    slotsTaken += 1;
    if (holds === undefined) throw new Error("a slot was taken");
    return { release: () => undefined };
  };
  const errors = logAtMost({ log, every: 30_000, now: Date.now });
  const jobs = processJobs({
    services,
    connection,
    name: "pi/0",
    slots: { take } as unknown as RunnerSlots,
    shouldLeaveToOther,
    onJobsChanged: () => undefined,
    errors: { worker: errors, renewal: errors },
    restartProcess: () => undefined,
  });
  return { jobs, end: () => connection.disconnect() };
}

/** Add the job. Resolves when the worker has fetched it, before it is processed. */
async function fetched({ worker }: JobProcessor, then: () => void = () => undefined): Promise<void> {
  const active = once(worker, "active");
  worker.once("active", then);
  const data = { owner: "octo", repo: "widgets", number: 1, repositoryId: 1, title: "", url: "" };
  await queue.add("issue", data, jobOptions({ jobId: ID, priority: "P2", beforeNewWork: false, attempts: 3 }));
  await active;
}

async function expectRequeued(): Promise<void> {
  expect(slotsTaken).toBe(0);
  const job = await queue.getJob(ID);
  expect({ state: await job?.getState(), made: job?.attemptsMade }).toEqual({ state: "delayed", made: 0 });
}

fieldTest(
  "F2",
  "a job that was fetched before the runner closed, and arrives afterwards, is requeued at once",
  async () => {
    const { jobs, end } = startProcessor();
    const closed: Promise<void>[] = [];
    await fetched(jobs, () => {
      closed.push(jobs.close());
    });
    await Promise.all(closed);
    await expectRequeued();
    const job = await queue.getJob(ID);
    expect(job?.opts.delay ?? job?.delay).toBeLessThanOrEqual(1000); // The runner's successor gets it at once.
    end();
  },
);

test("a job that was fetched while the runner accepts none is left to others, without using an attempt", async () => {
  const { jobs, end } = startProcessor({ shouldLeaveToOther: () => true });
  await fetched(jobs);
  await expect.poll(async () => (await queue.getJob(ID))?.getState()).toBe("delayed");
  await expectRequeued();
  await jobs.close();
  end();
});

test("a run whose job's lock cannot be renewed in time releases everything at once", async () => {
  const asked = Promise.withResolvers<Record<string, string>>();
  const { jobs, end } = startProcessor({ lockSeconds: 1, holds: { hgetall: () => asked.promise } });
  await fetched(jobs);
  await expect.poll(() => jobs.running.has(ID)).toBe(true);
  const halt = jobs.running.get(ID);
  const lost = new Promise<void>((resolve) => halt?.abandon.addEventListener("abort", () => resolve()));
  await redis.client("PAUSE", 600_000, "WRITE"); // The other mode would also block the command that ends the pause.
  await lost;
  expect(halt?.halted?.halt).toBe("lost");
  await redis.client("UNPAUSE");
  asked.reject(new Error("over"));
  await jobs.close();
  end();
});
