import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Queue, Worker } from "bullmq";
import { afterEach, beforeEach, expect, test } from "vitest";
import { jobOptions, QUEUE_NAME, workerTimes, type JobData, type JobResult } from "@tac8/core/queue/contract";
import { connectRedis } from "@tac8/core/queue/redis";
import { startRedisServer } from "@tac8/sandbox/redis";
import { tryLock } from "@tac8/core/process/flock";
import { readProc, readStat } from "@tac8/core/process/procfs";
import { recover } from "./recover.ts";
import { takeSlots, type RunnerSlots } from "./slots.ts";

const HOLDER = fileURLToPath(new URL("../../fixtures/programs/hold-job.ts", import.meta.url));
let home = "";
let cleanup: (() => unknown)[] = [];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "tac8-slots-"));
  cleanup = [() => rm(home, { recursive: true, force: true })];
});
afterEach(async () => {
  for (const action of cleanup.toReversed()) await action();
});

async function slotsOf(count: number, host = "pi"): Promise<RunnerSlots> {
  const slots = await takeSlots({ dataFolder: home, count, host: () => host });
  cleanup.push(() => slots.close());
  return slots;
}

const live = (n: number) => ({ jobId: `octo.widgets.${n}`, run: `run-${n}`, token: `token-${n}` });

test("two runners on one data folder have different slots, and a released slot is free", async () => {
  const first = await slotsOf(2, "one");
  const second = await slotsOf(2, "two");
  const names = [first.take(), first.take(), second.take(), second.take()].map(({ name }) => name);
  expect(names).toEqual(["one/0", "one/1", "two/2", "two/3"]);
  expect([first.first, second.first]).toEqual([0, 2]);
  expect(() => first.take()).toThrow("more jobs than slots");
  first.close();
  expect((await slotsOf(3)).first).toBe(0);
});

test("two runners that start at once share no slot", async () => {
  const both = await Promise.all([slotsOf(3, "one"), slotsOf(3, "two")]);
  const numbers = both.flatMap((slots) => [slots.take(), slots.take(), slots.take()]).map(({ name }) => name.slice(4));
  expect(new Set(numbers).size).toBe(6);
});

test("a released slot can be taken again", async () => {
  const slots = await slotsOf(1);
  slots.take().release();
  expect(slots.take().name).toBe("pi/0");
});

test("the next runner that takes a slot finds the live run in it, but no ended run", async () => {
  const slots = await slotsOf(3);
  const [a, b] = [slots.take(), slots.take()];
  await a.beginRun(live(1));
  await b.beginRun(live(2));
  await a.endRun();
  await a.endRun();
  slots.close();
  const next = await slotsOf(3);
  expect(next.abandoned).toEqual([live(2)]);
  await next.forget([live(1).run, live(2).run]);
  next.close();
  expect((await slotsOf(3)).abandoned).toEqual([]);
});

test("what a killed runner of these slots had half written is removed, but nothing of other slots", async () => {
  const runs = join(home, "runs");
  await mkdir(join(runs, "slot-0.json.0badf00d.new"), { recursive: true });
  for (const name of ["slot-0.json.6e1f3fbb.new", "slot-1.json.a587a083.new"]) await writeFile(join(runs, name), "{");
  await (await slotsOf(1)).forget([]);
  expect((await readdir(runs)).toSorted()).toEqual(["slot-0.lock", "slot-1.json.a587a083.new"]);
});

test("a runner waits for a slot with a noted run if another process only checks it", async () => {
  const slots = await slotsOf(1);
  await slots.take().beginRun(live(1));
  slots.close();
  const probe = await tryLock(join(home, "runs", "slot-0.lock"));
  const taking = takeSlots({ dataFolder: home, count: 1, host: () => "pi", checkMs: 600_000 });
  await expect.poll(waits, { timeout: 60_000 }).toBe(true);
  probe?.release();
  const taken = await taking;
  cleanup.push(() => taken.close());
  expect([taken.first, taken.abandoned]).toEqual([0, [live(1)]]);
});

/** Return whether this process has a child that waits for a lock. */
function waits(): boolean {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").split(" ").filter(Boolean);
  return children.some((pid) => (readProc(`/proc/${pid}/cmdline`) ?? "").startsWith("flock\0-E\x0075\0-w"));
}

test.each(["", "{", '{"jobId":1}', "[]"])("an incomplete note (%j) is no run", async (text) => {
  await mkdir(join(home, "runs"));
  await writeFile(join(home, "runs/slot-0.json"), text);
  expect((await slotsOf(1)).abandoned).toEqual([]);
});

interface Crash {
  readonly queue: Queue<JobData, JobResult>;
  readonly url: string;
  readonly child: number;
}

/** Start a runner that processes a job, and kill it. */
async function crash(): Promise<Crash> {
  await mkdir(join(home, "redis"));
  const server = await startRedisServer({ dir: join(home, "redis") });
  cleanup.push(() => server.stop());
  const redis = connectRedis(server.url, { name: "test", onError: () => undefined });
  cleanup.push(() => redis.disconnect());
  const queue = new Queue<JobData, JobResult>(QUEUE_NAME, { connection: redis });
  cleanup.push(() => queue.close());
  const data = { owner: "octo", repo: "widgets", number: 1, repositoryId: 1, title: "", url: "" };
  const options = jobOptions({ jobId: "octo.widgets.1", priority: "P2", beforeNewWork: false, attempts: 3 });
  await queue.add("issue", data, options);
  const runner = spawn(process.execPath, [HOLDER, home, server.url], { stdio: ["ignore", "pipe", "inherit"] });
  cleanup.push(() => runner.kill("SIGKILL"));
  const child = await firstWord(runner);
  cleanup.push(() => isAlive(child) && process.kill(child, "SIGKILL"));
  const exited = once(runner, "exit");
  runner.kill("SIGKILL");
  await exited;
  expect(await queue.getActiveCount()).toBe(1);
  expect(isAlive(child)).toBe(true);
  return { queue, url: server.url, child };
}

async function firstWord({ stdout }: ChildProcess): Promise<number> {
  if (stdout === null) throw new Error("no output");
  const [line] = (await once(createInterface({ input: stdout }), "line")) as [string];
  return (JSON.parse(line) as { child: number }).child;
}

function isAlive(pid: number): boolean {
  const stat = readStat(pid);
  return stat !== null && stat.state !== "Z";
}

/** Create a logger that counts the lines of each level. */
function logger() {
  const errors: string[] = [];
  const log = { debug: () => errors.push("debug"), info: () => errors.push("info"), warn: () => errors.push("warn") };
  return {
    errors,
    log: { ...log, error: () => errors.push("error") } as unknown as Parameters<typeof recover>[1]["log"],
  };
}

test("the job of a killed runner is requeued at once, and the processes that it left running are ended", async () => {
  const { queue, url, child } = await crash();
  const slots = await slotsOf(1, "second");
  expect(slots.abandoned).toMatchObject([{ jobId: "octo.widgets.1" }]);
  const { log, errors } = logger();
  await recover(slots.abandoned, { queue, log, now: Date.now });
  expect(errors).toEqual(["warn"]);
  expect(isAlive(child)).toBe(false);
  expect(await queue.getActiveCount()).toBe(0);

  // The next runner gets the job long before the lock of 120 s would have expired, and no attempt is used.
  const connection = connectRedis(url, { name: "second", onError: () => undefined });
  const worker = new Worker<JobData, JobResult>(
    QUEUE_NAME,
    async (job) => ({ outcome: `attempt ${job.attemptsMade}`, prUrl: null, reason: null }),
    { connection, ...workerTimes(120) },
  );
  cleanup.push(() => connection.disconnect());
  cleanup.push(() => worker.close());
  const [job] = (await once(worker, "completed")) as [{ id: string; returnvalue: JobResult; stalledCounter: number }];
  expect(job).toMatchObject({ id: "octo.widgets.1", returnvalue: { outcome: "attempt 0" }, stalledCounter: 0 });
});

test("a job that belongs to another run by now, or is missing, is not changed", async () => {
  const { queue } = await crash();
  const { log, errors } = logger();
  const [found] = (await slotsOf(1)).abandoned;
  const theirs = { jobId: "octo.widgets.1", run: "another", token: "another" };
  await recover([theirs, { ...theirs, jobId: "octo.widgets.99" }], { queue, log, now: Date.now });
  expect(await queue.getActiveCount()).toBe(1);
  expect(errors).toEqual(["debug"]);
  expect(found?.token).not.toBe("another");
  expect(await readdir(join(home, "runs"))).toContain("slot-0.json");
});
