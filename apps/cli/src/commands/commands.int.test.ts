import { jobIdOf } from "@tac8/core/domain/reference";
import { addCopies } from "@tac8/core/queue/copies.fixture";
import { jobOptions, QUEUE_NAME, type JobData } from "@tac8/core/queue/contract";
import { connectRedis } from "@tac8/core/queue/redis";
import { readEvents } from "@tac8/core/state/events";
import { createIssueStore, type IssueStore } from "@tac8/core/state/issueStore";
import { setHold } from "@tac8/core/state/holds";
import type { IssuePatch } from "@tac8/core/state/issueState";
import { announceRunner, announceScheduler } from "@tac8/core/state/presence";
import { DelayedError, Queue, UnrecoverableError, Worker, type Job } from "bullmq";
import type { Redis } from "ioredis";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openLab, type Lab } from "../../fixtures/harness.ts";
import { startSharedRedis, UNREACHABLE, type SharedRedis } from "../../fixtures/redis.ts";

let lab: Lab;
let server: SharedRedis;
let redis: Redis;
let queue: Queue<JobData>;
let store: IssueStore;

beforeAll(async () => {
  server = await startSharedRedis();
  ({ redis, queue } = server);
});
beforeEach(async () => {
  lab = openLab();
  await server.empty();
  store = createIssueStore(redis);
  writeFileSync(join(lab.dir, "config.toml"), '[github]\nrepo_owner = "Octo"\nrepo_name = "Hello"\n');
});

afterEach(async () => {
  await lab.close();
});
afterAll(() => server.close());

const tac8 = (...args: string[]) => run(args, server.url);

async function run(args: readonly string[], url: string) {
  const cli = lab.start(args, { REDIS_URL: url });
  const { code } = await cli.ended;
  return { code, out: cli.stdout(), err: cli.stderr() };
}

const id = (number: number) => jobIdOf({ owner: "Octo", repo: "Hello", number });

async function add(number: number, patch: IssuePatch = {}): Promise<void> {
  const url = `https://github.com/Octo/Hello/issues/${number}`;
  const data = { owner: "Octo", repo: "Hello", number, repositoryId: 1, title: `Title ${number}`, url };
  await queue.add("issue", data, jobOptions({ jobId: id(number), priority: "P2", beforeNewWork: false, attempts: 3 }));
  await store.writeIf(id(number), {}, { state: "queued", since: new Date().toISOString(), ...patch });
}

/** Process all waiting jobs with `work`, until none is left. */
async function work(how: (job: Job<JobData>, token: string) => Promise<unknown>): Promise<void> {
  const connection = connectRedis(server.url, { name: "worker", onError: () => undefined });
  const worker = new Worker<JobData>(QUEUE_NAME, (job, token = "") => how(job, token), { connection, drainDelay: 1 });
  await new Promise((resolve) => worker.once("drained", () => resolve(null)));
  await worker.close();
  connection.disconnect();
}

const fail = () => Promise.reject(new UnrecoverableError("refused by GitHub"));

describe("tac8 retry", () => {
  it("queues a failed issue again, with all its attempts, and records that in the event log", async () => {
    await add(3, {
      state: "failed",
      "end.failure": "refused",
      checkpoint: "worked",
      "end.outcome": "failed",
      "command.stop": "old",
    });
    await work(fail);
    expect(await queue.getFailedCount()).toBe(1);
    expect(await tac8("retry", "#3")).toEqual({
      code: 0,
      out: "octo/hello#3 is queued again (it was: failed).\n",
      err: "",
    });
    const job = await queue.getJob(id(3));
    expect(await job?.getState()).toMatch(/waiting|prioritized/);
    expect(job?.attemptsMade).toBe(0);
    expect(await store.read(id(3))).toMatchObject({
      state: "queued",
      checkpoint: "worked",
      end: { outcome: null, failure: null },
      command: { stop: null },
    });
    expect(await readEvents(redis, { count: 1 })).toMatchObject([
      {
        issue: id(3),
        from: "failed",
        to: "queued",
        by: expect.stringContaining("@"),
        evidence: { failure: "refused" },
      },
    ]);
  });

  it("starts a new round for an issue that ended with its pull request", async () => {
    await add(3, { state: "pr", checkpoint: "published", "pull.number": 9 });
    await work(() => Promise.resolve({ outcome: "pr" }));
    expect((await tac8("retry", "octo/hello#3")).out).toContain("it was: pr");
    expect(await store.read(id(3))).toMatchObject({ state: "queued", checkpoint: "none", pull: { number: 9 } });
    expect(await queue.getCompletedCount()).toBe(0);
  });

  it("queues every failed issue again", async () => {
    expect(await tac8("retry", "--failed")).toMatchObject({
      code: 0,
      out: expect.stringContaining("No issue has failed"),
    });
    for (const number of [1, 2, 3]) await add(number, { state: "failed" });
    await work(fail);
    const { code, out } = await tac8("retry", "--failed");
    expect(code).toBe(0);
    expect(out.trim().split("\n")).toHaveLength(3);
    expect(await queue.getFailedCount()).toBe(0);
  });

  it("omits failed issues that an account without permission labelled", async () => {
    await add(1, { state: "failed", "end.failure": "untrusted" });
    await add(2, { state: "failed", "end.failure": "agent" });
    await work(fail);
    expect((await tac8("retry", "--failed")).out).toMatch(/^octo\/hello#2 [^\n]*\n$/);
    expect(await queue.getFailedCount()).toBe(1);
  });

  it("has nothing to do for an issue that waits or is running", async () => {
    await add(3);
    expect(await tac8("retry", "3")).toMatchObject({
      code: 0,
      out: "octo/hello#3 is already queued, and waits for a free runner.\n",
    });
    let output: Awaited<ReturnType<typeof tac8>> | null = null;
    await work(async () => {
      output = await tac8("retry", "3");
    });
    expect(output).toMatchObject({ code: 0, out: "octo/hello#3 is running: nothing to retry.\n" });
  });

  it("says how to answer a blocked issue", async () => {
    await add(3, { state: "blocked" });
    await work(async (job, token) => {
      await job.moveToDelayed(Date.now() + 86_400_000, token);
      throw new DelayedError();
    });
    const { code, err } = await tac8("retry", "3");
    expect(code).toBe(1);
    expect(err).toBe("tac8: octo/hello#3 is blocked by a question: reply on the issue, and the work continues\n");
    expect(await queue.getDelayedCount()).toBe(1);
  });

  it.each([
    [["retry", "99"], 1, /octo\/hello#99 is not in the queue/],
    [["retry", "x y"], 2, /"x y" is not an issue: expected 471/],
    [["retry", "a/b#1"], 1, /a\/b is not a configured repository \(Octo\/Hello\)/],
    [["retry"], 2, /no issue given/],
    [["retry", "3", "--failed"], 2, /no issue given/],
  ])("refuses %j", async (args, code, line) => {
    const answer = await tac8(...args);
    expect(answer).toEqual({ code, out: "", err: expect.stringMatching(line) });
    expect(answer.err.trim().split("\n")).toHaveLength(1);
  });
});

describe("tac8 list", () => {
  it("joins the queue with the records of the runners", async () => {
    await add(1, { state: "failed", "run.runner": "pi-1", "end.reason": "refused" });
    await work(fail);
    const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, costUsd: 0.42, turns: 1 };
    await add(2, {
      "agent.usage": { ...usage, durationMs: 1 },
      "pull.number": 7,
      "pull.url": "https://github.com/Octo/Hello/pull/7",
    });
    const { code, out } = await tac8("list", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      issues: [
        expect.objectContaining({
          issue: "Octo/Hello#2",
          state: "queued",
          runner: null,
          attempts: 0,
          maxAttempts: 3,
          costUsd: 0.42,
          runMs: 1,
          pr: { number: 7, url: "https://github.com/Octo/Hello/pull/7" },
        }),
        expect.objectContaining({
          issue: "Octo/Hello#1",
          state: "failed",
          runner: "pi-1",
          attempts: 1,
          reason: "refused",
        }),
      ],
      more: {},
    });
    const table = await tac8("list", "--state", "failed");
    expect(table.out.trim().split("\n")).toEqual([
      expect.stringMatching(/^ISSUE +STATE +SINCE +ATTEMPT +RUNNER +TITLE$/),
      expect.stringMatching(/^#1 +failed +\d+ s +1\/3 +pi-1 +Title 1$/),
    ]);
  });

  it("reports that there are no issues", async () => {
    expect(await tac8("list")).toMatchObject({ code: 0, out: expect.stringContaining("No issues yet") });
    expect(await tac8("list", "--json")).toMatchObject({ code: 0, out: '{\n  "issues": [],\n  "more": {}\n}\n' });
  });
});

describe("tac8 status", () => {
  const now = Date.now();
  const machine = { freeMemoryMb: 4000, totalMemoryMb: 8000, freeDiskGb: 20, loadPerCore: 1, temperatureC: null };
  const runner = { name: "pi-1", host: "pi", pid: 1, slots: 3, busy: 1, machine };

  async function allWell(): Promise<void> {
    const at = Date.now();
    await announceScheduler(redis, { at, lastPollAt: at, error: null });
    await announceRunner(redis, { ...runner, at });
  }

  it("shows scheduler, runners, queue and holds, as text and as JSON", async () => {
    await allWell();
    await setHold(redis, { name: "operator", reason: "lunch", by: "someone", since: now, until: null });
    await add(1);
    await queue.pause();
    const { code, out } = await tac8("status", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      health: { level: "warning", reasons: [{ level: "warning", code: "hold:operator" }] },
      runners: [{ name: "pi-1", slots: 3, busy: 1, limit: 3, rests: null, machine: { freeDiskGb: 20 } }],
      runs: [],
      queue: { waiting: 1, paused: true },
      holds: [{ name: "operator", until: null }],
      today: { successRate: null, tokens: 0, costUsd: 0 },
      total: { outcomes: { pr: 0 } },
      events: [{ to: "hold", reason: "lunch" }],
    });
    const text = await tac8("status");
    expect(text.out).toMatch(/Health +warning/);
    expect(text.out).toMatch(/Runners +pi-1: 1 of 3 slots busy/);
    expect(text.out).toMatch(/Queue +1 waiting, .*paused/);
  });

  it("has exit codes for scripts: 0 ok or warning, 3 degraded, 4 critical", async () => {
    expect((await tac8("status")).code).toBe(4);
    await allWell();
    expect((await tac8("status")).code).toBe(0);
    await announceRunner(redis, { ...runner, at: Date.now(), machine: { ...machine, freeDiskGb: 1 } });
    expect((await tac8("status")).code).toBe(3);
    expect((await tac8("status", "--help")).out).toMatch(/3:\s+degraded, 4:\s+critical/);
  });

  /** Count the Redis commands of one `tac8 status`, by name, without those of its connection. */
  async function cost(): Promise<string[]> {
    await redis.config("RESETSTAT");
    const begin = performance.now();
    expect((await tac8("status", "--json")).code).toBe(0);
    console.log(`tac8 status: ${Math.round(performance.now() - begin)} ms`);
    const stats = await redis.info("commandstats");
    const calls = [...stats.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm)].map(([, name, count]) => `${name} ${count}`);
    return calls.toSorted();
  }

  it("costs the same Redis commands with 100,000 waiting jobs as with 100", async () => {
    const bulk = async (from: number, to: number) => {
      const numbers = Array.from({ length: to - from }, (_, index) => from + index + 1);
      const data = { owner: "Octo", repo: "Hello", repositoryId: 1, title: "T", url: "u" };
      const opts = (number: number) =>
        jobOptions({ jobId: id(number), priority: "P2", beforeNewWork: false, attempts: 3 });
      await queue.addBulk(numbers.map((number) => ({ name: "issue", data: { ...data, number }, opts: opts(number) })));
    };
    await allWell();
    await bulk(0, 100);
    const few = await cost();

    await bulk(100, 2100);
    await work(() => Promise.resolve({ outcome: "pr" }));
    expect(await queue.getCompletedCount()).toBeGreaterThan(1000);
    await bulk(3000, 3001);
    await addCopies(queue, { redis, jobId: id(3001), count: 99_999 });
    await allWell();
    for (let number = 2; number <= 20; number += 1) {
      await announceRunner(redis, { ...runner, name: `pi-${number}`, host: `pi-${number}`, at: Date.now() });
    }
    expect((await queue.getJobCounts("prioritized"))["prioritized"]).toBe(100_000);
    expect(await cost()).toEqual(few);
  });
});

it("every command reports an unreachable Redis", async () => {
  for (const args of [["status"], ["list"], ["retry", "3"]]) {
    const { code, err } = await run(args, UNREACHABLE);
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(
        /^tac8: Redis at 127\.0\.0\.1:\d+ is not reachable \(connection refused\): start it with tac8 up, or set REDIS_URL\n$/,
      ),
    });
  }
});

it.each([
  [["lst"], 2, /unknown command/],
  [["list", "--state", "odd"], 2, /Allowed choices/],
  [["--config", "none.toml", "status"], 1, /none\.toml: the file does not exist/],
])("%j ends with %i", async (args, code, line) => {
  expect(await tac8(...args)).toMatchObject({ code, err: expect.stringMatching(line) });
});
