import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DelayedError, Job, Queue, UnrecoverableError, Worker, type Processor } from "bullmq";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startTestRedis, type TestRedis } from "../state/redisServer.fixture.ts";
import { backoffStrategy, jobOptions, QUEUE_NAME, workerTimes } from "./contract.ts";

/** What tac8 relies on in BullMQ. When one of these fails after an upgrade, what is built on it is wrong too. */
let server: TestRedis;
let queue: Queue;
let workers: Worker[];

beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.close());
beforeEach(async () => {
  await server.redis.flushall();
  queue = new Queue(QUEUE_NAME, { connection: server.redis });
  workers = [];
});
afterEach(async () => {
  for (const worker of workers) await worker.close();
  await queue.close();
});

function startWorker(processor: Processor | null): Worker {
  const worker = new Worker(QUEUE_NAME, processor, {
    connection: server.connect(),
    autorun: processor !== null,
    drainDelay: 1,
    ...workerTimes(120),
    settings: { backoffStrategy },
  });
  worker.on("error", () => undefined);
  workers.push(worker);
  return worker;
}

const add = (jobId: string, attempts = 3) =>
  queue.add("issue", {}, jobOptions({ jobId, priority: "P2", beforeNewWork: false, attempts }));

async function take(worker: Worker, token = "t"): Promise<Job> {
  const job = (await worker.getNextJob(token)) as Job | undefined;
  if (job === undefined) throw new Error("there is no job");
  return job;
}

/** The ids of all jobs in the order in which a worker takes them. */
async function order(worker: Worker, count: number): Promise<(string | undefined)[]> {
  const ids: (string | undefined)[] = [];
  for (let n = 0; n < count; n += 1) ids.push((await take(worker, `t${n}`)).id);
  return ids;
}

describe("changePriority of an active job", () => {
  it("leaves it active, and counts when it comes back from its wait", async () => {
    const worker = startWorker(null);
    await add("first");
    const job = await take(worker);
    await add("second");
    await job.changePriority({ priority: 5 });
    expect(await job.getState()).toBe("active");
    expect(await queue.getRanges(["prioritized", "wait"], 0, -1)).toEqual(["second"]);
    await job.moveToDelayed(Date.now() - 1, "t");
    expect(await order(worker, 2)).toEqual(["first", "second"]);
  });

  it("counts after a failed attempt too", async () => {
    const seen: string[] = [];
    await queue.pause();
    for (const id of ["first", "second", "third"]) await add(id);
    const worker = startWorker(async (job) => {
      seen.push(job.id ?? "");
      if (job.id !== "first" || job.attemptsMade > 0) return;
      await job.changePriority({ priority: 5 });
      throw Object.assign(new Error("again"), { delayMs: 1 });
    });
    const drained = new Promise((resolve) => worker.on("drained", () => seen.length === 4 && resolve(null)));
    // BullMQ promotes a delayed job when a worker looks for the next one: at the latest with the last of the others.
    await queue.resume();
    await drained;
    expect(seen.slice(0, 1)).toEqual(["first"]);
    expect(seen.toSorted()).toEqual(["first", "first", "second", "third"]);
    expect((await Job.fromId(queue, "first"))?.priority).toBe(5);
  });
});

describe("getRanges", () => {
  it("gives every id of a range, in each state, also of a held queue; without a range it gives two", async () => {
    const worker = startWorker(null);
    const ids = Array.from({ length: 12 }, (_, n) => `j${n}`);
    for (const id of ids) await add(id);
    for (const id of ids.slice(0, 4)) expect((await take(worker, id)).id).toBe(id);
    for (const id of ids.slice(0, 4)) {
      const job = await Job.fromId(queue, id);
      if (id < "j2") await job?.moveToDelayed(Date.now() + 3_600_000, id);
    }
    const all = (types: Parameters<Queue["getRanges"]>[0]) => queue.getRanges(types, 0, -1);
    for (const held of [false, true]) {
      if (held) await queue.pause();
      expect((await all(["delayed"])).toSorted()).toEqual(["j0", "j1"]);
      expect((await all(["active"])).toSorted()).toEqual(["j2", "j3"]);
      expect((await all(["wait", "prioritized"])).toSorted()).toEqual(ids.slice(4).toSorted());
      expect(await queue.getRanges(["wait", "prioritized"])).toHaveLength(2);
    }
    await add("late");
    expect(await all(["wait", "prioritized"])).toContain("late");
  });
});

describe("retry with resetAttemptsMade", () => {
  it.each(["failed", "completed"] as const)("gives a %s job all its attempts again", async (state) => {
    let fail = state === "failed";
    let runs = 0;
    const job = await add("one", 2);
    const worker = startWorker(async () => {
      runs += 1;
      if (fail) throw Object.assign(new Error("no"), { delayMs: 1 });
      return "done";
    });
    const ended = () =>
      new Promise<void>((resolve) => {
        worker.on("failed", (failed) => void (failed?.finishedOn !== undefined && resolve()));
        worker.on("completed", () => resolve());
      });
    let end = ended();
    await end;
    expect([await job.getState(), runs]).toEqual([state, fail ? 2 : 1]);

    fail = true;
    runs = 0;
    end = ended();
    await job.retry(state, { resetAttemptsMade: true });
    await end;
    expect(runs).toBe(2);
    expect(await Job.fromId(queue, "one")).toMatchObject({ attemptsMade: 2, failedReason: "no" });
  });

  it("is refused where the job has moved meanwhile", async () => {
    const job = await add("one");
    await expect(job.retry("failed", { resetAttemptsMade: true })).rejects.toThrow(/not in the failed state/);
  });
});

describe("moveToDelayed", () => {
  it("with the token of a dead process's lock hands its job to another, no attempt used", async () => {
    await add("one");
    const child = spawn(process.execPath, [join(import.meta.dirname, "worker.fixture.ts"), server.socket, QUEUE_NAME], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exited = once(child, "exit");
    const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
    const { jobId, token } = JSON.parse(line) as { jobId: string; token: string };
    child.kill("SIGKILL");
    await exited;

    const job = await Job.fromId(queue, jobId);
    expect(await job?.getState()).toBe("active");
    await expect(job?.moveToDelayed(Date.now() - 1, "another-token")).rejects.toThrow(/lock/i);
    expect(await job?.getState()).toBe("active");
    await job?.moveToDelayed(Date.now() - 1, token);
    expect(await take(startWorker(null), "mine")).toMatchObject({ id: "one", attemptsMade: 0, stalledCounter: 0 });
  });

  it("and DelayedError park a job, its attempts kept; promote ends the wait", async () => {
    const job = await add("one", 1);
    let runs = 0;
    const parked = Promise.withResolvers<void>();
    const worker = startWorker(async (taken, token) => {
      runs += 1;
      if (runs > 1) return;
      await taken.moveToDelayed(Date.now() + 3_600_000, token);
      parked.resolve();
      throw new DelayedError();
    });
    await parked.promise;
    expect(await job.getState()).toBe("delayed");
    const completed = new Promise((resolve) => worker.once("completed", resolve));
    await job.promote();
    await completed;
    expect(runs).toBe(2);
    expect(await Job.fromId(queue, "one")).toMatchObject({ attemptsMade: 1 });
  });
});

describe("what else is relied on", () => {
  it("a job is there once: adding it again changes nothing, until it is removed", async () => {
    await add("one");
    await queue.add("other", { changed: true }, { jobId: "one", priority: 1 });
    expect(await Job.fromId(queue, "one")).toMatchObject({ name: "issue", data: {}, priority: 6 });
    expect(await queue.getJobCountByTypes("prioritized")).toBe(1);
    await (await Job.fromId(queue, "one"))?.remove();
    await queue.add("other", {}, { jobId: "one" });
    expect(await Job.fromId(queue, "one")).toMatchObject({ name: "other" });
  });

  it("a job that a runner has cannot be removed", async () => {
    await add("one");
    const job = await take(startWorker(null));
    await expect(job.remove()).rejects.toThrow(/could not be removed|locked/);
    expect(await job.getState()).toBe("active");
  });

  it("UnrecoverableError ends a job with attempts left", async () => {
    const job = await add("one", 5);
    const worker = startWorker(async () => {
      throw new UnrecoverableError("never");
    });
    await new Promise((resolve) => worker.once("failed", resolve));
    expect(await job.getState()).toBe("failed");
  });

  it("a paused queue starts no job, and continues in the same order", async () => {
    const worker = startWorker(null);
    await queue.pause();
    await add("one");
    expect(await worker.getNextJob("t", { block: false })).toBeUndefined();
    await queue.resume();
    expect((await take(worker)).id).toBe("one");
  });
});
