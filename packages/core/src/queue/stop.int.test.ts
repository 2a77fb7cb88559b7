import { Queue, Worker, type Job } from "bullmq";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { IssueState } from "../domain/states.ts";
import { readEvents } from "../state/events.ts";
import type { IssuePatch } from "../state/issueState.ts";
import { createIssueStore, type IssueStore } from "../state/issueStore.ts";
import { COMMANDS_CHANNEL, STOPS_KEY } from "../state/keys.ts";
import { startTestRedis, type TestRedis } from "../state/redisServer.fixture.ts";
import { jobOptions, QUEUE_NAME, type JobData } from "./contract.ts";
import { retryIssue } from "./retry.ts";
import { endInQueue, planStop, stopIssue, type StopResult } from "./stop.ts";

const ID = "octo.hello.3";
let server: TestRedis;
let queue: Queue<JobData>;
let worker: Worker<JobData>;
let store: IssueStore;

beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.close());
beforeEach(async () => {
  await server.redis.flushall();
  queue = new Queue(QUEUE_NAME, { connection: server.redis });
  worker = new Worker<JobData>(QUEUE_NAME, null, { connection: server.redis, autorun: false });
  store = createIssueStore(server.redis);
});
afterEach(async () => {
  await worker.close();
  await queue.close();
});

async function add(state: IssueState, patch: IssuePatch = {}): Promise<void> {
  const data = { owner: "Octo", repo: "Hello", number: 3, repositoryId: 1, title: "Title", url: "" };
  await queue.add("issue", data, jobOptions({ jobId: ID, priority: "P2", beforeNewWork: false, attempts: 3 }));
  await store.writeIf(ID, {}, { state, ...patch });
}

async function take(): Promise<Job<JobData>> {
  const job = await worker.getNextJob("token");
  if (job === undefined) throw new Error("there is no job to take");
  return job;
}

function stop(change: { kill?: boolean; by?: string; reason?: string } = {}): Promise<StopResult> {
  const { kill = false, by = "ann@pi", reason = null } = change;
  return stopIssue({ queue, store, redis: server.redis, jobId: ID, by, reason, kill, now: 1000 });
}

const transitions = async () =>
  (await readEvents(server.redis, { count: 100 })).map(({ from, to, by, reason }) => [from, to, by, reason]);

describe("an issue that no runner has", () => {
  const waits: Record<string, () => Promise<unknown>> = {
    queued: () => add("queued"),
    "queued while everything is held": async () => {
      await queue.pause();
      await add("queued");
    },
    parked: async () => {
      await add("parked", { "counts.parked": 2 });
      await (await take()).moveToDelayed(Date.now() + 3_600_000, "token");
    },
    "blocked by a question": async () => {
      await add("blocked", { "end.outcome": "blocked", "question.commentId": 7 });
      await (await take()).moveToDelayed(Date.now() + 3_600_000, "token");
    },
    "retrying, and all is held": async () => {
      await add("retrying", { "end.failure": "agent" });
      await (await take()).moveToDelayed(Date.now() + 3_600_000, "token");
      await queue.pause();
    },
    "left by a runner that died": () => add("running", { "run.id": "dead", "run.runner": "pi/0" }),
    "about to be added": () => store.writeIf(ID, {}, { state: "queued" }),
  };

  it.each(Object.keys(waits))("%s: it ends immediately, and its job is removed", async (how) => {
    await waits[how]?.();
    const from = (await store.read(ID)).state;
    expect(await stop({ reason: "not today" })).toEqual({ kind: "stopped", from });
    expect(await store.read(ID)).toMatchObject({
      state: "stopped",
      end: { outcome: "stopped", reason: "stopped by ann@pi: not today" },
      run: { id: null },
      since: "1970-01-01T00:00:01.000Z",
      command: { stop: "stopped by ann@pi: not today" },
    });
    expect(await queue.getJob(ID)).toBeUndefined();
    expect(await server.redis.smembers(STOPS_KEY)).toEqual([ID]);
    expect(await transitions()).toEqual([
      [from, "note", "ann@pi", "stop requested"],
      [from, "stopped", "ann@pi", "stopped by ann@pi: not today"],
    ]);
    expect(await stop()).toEqual({ kind: "ended", state: "stopped" });
  });

  it("a runner that takes the job in that moment finds its end, and has only to close it", async () => {
    await add("queued");
    const writeIf: IssueStore["writeIf"] = async (id, expected, patch, event) => {
      const done = await store.writeIf(id, expected, patch, event);
      if (patch.state === "stopped") await take();
      return done;
    };
    const racing = { queue, store: { ...store, writeIf }, redis: server.redis, jobId: ID };
    const answer = await stopIssue({ ...racing, by: "ann@pi", reason: null, kill: false, now: 1000 });
    expect(answer).toEqual({ kind: "stopped", from: "queued" });
    const job = await queue.getJob(ID);
    expect(await job?.getState()).toBe("active");
    expect(await store.read(ID)).toMatchObject({ state: "stopped", end: { attempt: job?.attemptsMade } });
  });

  it("a runner that takes the job before the end is written ends it by the command", async () => {
    await add("queued");
    const writeIf: IssueStore["writeIf"] = async (id, expected, patch, event) => {
      if (patch.state === "stopped") {
        await take();
        await store.writeIf(ID, {}, { "run.id": "r1", "run.runner": "pi/0" });
      }
      return store.writeIf(id, expected, patch, event);
    };
    const racing = { queue, store: { ...store, writeIf }, redis: server.redis, jobId: ID };
    const answer = await stopIssue({ ...racing, by: "ann@pi", reason: null, kill: false, now: 1000 });
    expect(answer).toEqual({ kind: "stopping", runner: "pi/0" });
    expect(await store.read(ID)).toMatchObject({ state: "queued", command: { stop: "stopped by ann@pi" } });
  });

  it("if a stop died between the command and the end, the next check ends the issue", async () => {
    await add("queued", { "command.stop": "stopped by ann@pi" });
    expect(await endInQueue({ queue, store, jobId: ID, by: "scheduler", now: 1000 })).toBe("stopped");
    expect(await endInQueue({ queue, store, jobId: ID, by: "scheduler", now: 1000 })).toBe("ended");
    expect(await transitions()).toEqual([["queued", "stopped", "scheduler", "stopped by ann@pi"]]);
  });
});

describe("an issue that a runner has", () => {
  it("its runner receives one command, and a kill command if that is requested later", async () => {
    const received: string[] = [];
    const ear = server.connect();
    await ear.subscribe(COMMANDS_CHANNEL);
    const twice = new Promise<void>((resolve) => {
      ear.on("message", (_, id: string) => received.push(id) === 3 && resolve());
    });
    await add("running", { "run.id": "r1", "run.runner": "pi/0" });
    await take();
    expect(await stop()).toEqual({ kind: "stopping", runner: "pi/0" });
    expect(await store.read(ID)).toMatchObject({
      state: "running",
      command: { stop: "stopped by ann@pi", stopMode: null },
    });
    expect(await stop({ by: "bob@mac" })).toEqual({ kind: "stopping", runner: "pi/0" });
    expect(await stop({ kill: true, by: "bob@mac" })).toEqual({ kind: "stopping", runner: "pi/0" });
    expect(await store.read(ID)).toMatchObject({
      state: "running",
      command: { stop: "stopped by ann@pi", stopMode: "kill" },
    });
    await twice;
    expect(received).toEqual([ID, ID, ID]);
    expect(await transitions()).toEqual([
      ["running", "note", "ann@pi", "stop requested"],
      ["running", "note", "bob@mac", "immediate stop requested"],
    ]);
  });
});

it("what was stopped while it waited can be tried again, as it was", async () => {
  await add("queued");
  await queue.getJob(ID).then((job) => job?.changePriority({ priority: 1 }));
  await stop();
  const retry = () => retryIssue({ queue, redis: server.redis, store, jobId: ID, by: "ann@pi", now: 2000 });
  expect(await retry()).toEqual({ kind: "queued", from: "stopped" });
  const job = await queue.getJob(ID);
  expect(job).toMatchObject({ name: "issue", data: { number: 3, title: "Title" }, priority: 1, opts: { attempts: 3 } });
  expect(await store.read(ID)).toMatchObject({
    state: "queued",
    command: { stop: null },
    end: { outcome: null },
    round: { retriedAt: expect.any(String) },
  });
  expect(await retry()).toEqual({ kind: "waiting", held: null });
  await job?.remove(); // As if the process that retried had died in between.
  expect(await retry()).toEqual({ kind: "queued", from: "queued" });
  expect(await queue.getJob(ID)).toBeDefined();
});

describe("a label that the scheduler has not seen yet", () => {
  const given = () => ({
    queue,
    store,
    redis: server.redis,
    jobId: ID,
    by: "ann@pi",
    reason: null,
    kill: false,
    now: 1000,
  });

  it("of an issue that tac8 never saw: it is stopped, and the stop is to be reported on GitHub", async () => {
    expect(await stopIssue({ ...given(), labelOn: () => Promise.resolve(7) })).toEqual({ kind: "stopped", from: null });
    expect(await store.read(ID)).toMatchObject({
      state: "stopped",
      command: { stop: "stopped by ann@pi" },
      label: { event: 7 },
    });
    expect(await server.redis.smembers(STOPS_KEY)).toEqual([ID]);
    expect(await transitions()).toEqual([["", "stopped", "ann@pi", "stopped by ann@pi"]]);
  });

  it("of an ended one: the label is marked as used, and the end remains", async () => {
    await store.writeIf(ID, {}, { state: "pr", "end.outcome": "pr", "label.event": 6 });
    const asked = (event: number | null) => stopIssue({ ...given(), labelOn: () => Promise.resolve(event) });
    expect(await asked(null)).toEqual({ kind: "ended", state: "pr" });
    expect(await asked(6)).toEqual({ kind: "ended", state: "pr" }); // Left behind.
    expect(await asked(7)).toEqual({ kind: "kept", state: "pr" });
    expect(await store.read(ID)).toMatchObject({
      state: "pr",
      end: { outcome: "pr" },
      command: { stop: null },
      label: { event: 7, notRemoved: 7 },
    });
    expect(await asked(7)).toEqual({ kind: "ended", state: "pr" });
  });

  it("that is seen while GitHub is asked: it is in the queue, and taken out", async () => {
    const labelOn = async () => {
      await add("queued");
      return 7;
    };
    expect(await stopIssue({ ...given(), labelOn })).toEqual({ kind: "stopped", from: "queued" });
    expect(await queue.getJob(ID)).toBeUndefined();
  });
});

it("knows what is nobody's", async () => {
  expect(await stop()).toEqual({ kind: "unknown" });
  await add("pr");
  const job = await take();
  await job.moveToCompleted({}, "token", false);
  expect(await stop()).toEqual({ kind: "ended", state: "pr" });
  expect(await transitions()).toEqual([]);
  expect(await server.redis.exists(STOPS_KEY)).toBe(0);
});

it.each([
  ["active", { state: "queued", end: { attempt: null, outcome: null } }, 0, "runner"],
  ["failed", { state: "failed", end: { attempt: 2, outcome: "failed" } }, 3, "ended"],
  ["failed", { state: "queued", end: { attempt: null, outcome: null } }, 3, "changed"],
  // Put back in Bull Board.
  ["waiting", { state: "failed", end: { attempt: 2, outcome: "failed" } }, 3, "queue"],
  // Stopped, and not taken out of the queue yet.
  ["prioritized", { state: "stopped", end: { attempt: 1, outcome: "stopped" } }, 1, "ended"],
  ["delayed", { state: "parked", end: { attempt: null, outcome: null } }, 0, "queue"],
  // Its pull request exists, but GitHub was unreachable when the end had to be reported.
  ["delayed", { state: "parked", end: { attempt: null, outcome: "pr" } }, 0, "ended"],
  ["delayed", { state: "blocked", end: { attempt: 0, outcome: "blocked" } }, 0, "queue"],
  ["delayed", { state: "parked", end: { attempt: null, outcome: "stopped" } }, 0, "queue"],
  ["unknown", { state: null, end: { attempt: null, outcome: null } }, 0, "unknown"],
  ["unknown", { state: "withdrawn", end: { attempt: null, outcome: null } }, 0, "ended"],
] as const)("a job that is %s, with %j, is for: %s %s", (job, issue, made, recipient) => {
  expect(planStop(job, issue, made)).toBe(recipient);
});
