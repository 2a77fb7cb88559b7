import { Queue, Worker } from "bullmq";
import { afterAll, beforeAll, expect, test } from "vitest";
import { QUEUE_NAME } from "@tac8/core/queue/contract";
import { createIssueStore } from "@tac8/core/state/issueStore";
import { publishLimits } from "@tac8/core/state/limits";
import { startTestRedis, type TestRedis } from "@tac8/core/state/redisServer.fixture";
import { requestPermit, type RequestPermitOptions } from "./requestPermit.ts";

let server: TestRedis;
let queue: Queue;
let worker: Worker;
beforeAll(async () => {
  server = await startTestRedis();
  queue = new Queue(QUEUE_NAME, { connection: server.redis });
  worker = new Worker(QUEUE_NAME, null, { connection: server.connect(), autorun: false });
  await worker.waitUntilReady();
});
afterAll(async () => {
  await worker.close();
  await queue.close();
  await server.close();
});

test("the scheduler's limits apply, whatever is in the runner's own configuration", async () => {
  const { redis } = server;
  await publishLimits(redis, { runs: 0, per_repository: { "octo/hello": 1 }, per_label: {} });
  const store = createIssueStore(redis);
  const own = { runs: 0, per_repository: { "octo/hello": 5 }, per_label: {} };
  const request = async (jobId: string) => {
    await queue.add("issue", {}, { jobId, priority: 5 });
    const job = await worker.getNextJob(jobId);
    return requestPermit({
      services: {
        config: { limits: own, runner: { labels: [] }, coordinator: { lock_seconds: 60 } },
        redis,
        store,
        log: { warn: () => undefined, debug: () => undefined },
        now: Date.now,
      },
      job,
      lockToken: jobId,
      repository: { owner: "octo", repo: "hello", runsOn: [] },
      record: await store.read(jobId),
      needsAgent: true,
    } as unknown as RequestPermitOptions);
  };
  const takeAt = async (jobId: string) => {
    const found = await request(jobId);
    if (!("permit" in found)) throw new Error(found.because);
    return () => found.permit.release();
  };
  const first = await takeAt("octo.hello.1");
  expect(await request("octo.hello.2")).toMatchObject({
    do: "requeue",
    deferredBecause: "limit:repository:octo/hello",
  });
  await first();
  await (
    await takeAt("octo.hello.3")
  )();
});
