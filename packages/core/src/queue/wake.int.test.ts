import { Queue, Worker } from "bullmq";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { jobIdOf } from "../domain/reference.ts";
import { clearHold, setHold } from "../state/holds.ts";
import type { IssuePatch } from "../state/issueState.ts";
import { createIssueStore, type IssueStore } from "../state/issueStore.ts";
import { startTestRedis, type TestRedis } from "../state/redisServer.fixture.ts";
import { fieldTest } from "../testing/fieldTest.fixture.ts";
import { jobOptions, QUEUE_NAME, type JobData } from "./contract.ts";
import { retryIssue, type RetryResult } from "./retry.ts";
import { planWake, wakeJobsOfEndedHolds } from "./wake.ts";

const HOUR = 3_600_000;
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

const id = (number: number) => jobIdOf({ owner: "octo", repo: "hello", number });

/** A job that waits for an hour, as a runner leaves it. */
async function parked(number: number, patch: IssuePatch): Promise<void> {
  const data = { owner: "octo", repo: "hello", number, repositoryId: 1, title: "T", url: "" };
  await queue.add("issue", data, jobOptions({ jobId: id(number), priority: "P2", beforeNewWork: false, attempts: 3 }));
  const job = await worker.getNextJob("token");
  await job?.moveToDelayed(Date.now() + HOUR, "token");
  await store.writeIf(id(number), {}, { state: "parked", ...patch });
}

const hold = (name: string) =>
  setHold(server.redis, { name, reason: "why", by: "runner pi/0", since: 1, until: Date.now() + HOUR });
const wake = () => wakeJobsOfEndedHolds({ redis: server.redis, queue, now: Date.now() });
const stateOf = async (number: number) => (await queue.getJob(id(number)))?.getState();
const retry = (number: number): Promise<RetryResult> =>
  retryIssue({ queue, redis: server.redis, store, jobId: id(number), by: "ann@pi", now: Date.now() });

it("plans to wake only what waits for a hold that is over", () => {
  const until = { name: "over", reason: "", by: "", since: 0, until: 5 };
  const jobs = [
    { jobId: "a", hold: "over" },
    { jobId: "b", hold: "ended" },
    { jobId: "c", hold: "live" },
    { jobId: "d", hold: null },
  ];
  expect(planWake(jobs, [until, { ...until, name: "live", until: null }], 5)).toEqual(["a", "b"]);
});

fieldTest("E1", "the end of a hold wakes every job that was parked for it, and no other", async () => {
  await hold("auth");
  await hold("repo:octo/hello");
  await parked(1, { "end.failure": "auth", "job.hold": "auth" });
  await parked(2, { "end.failure": "auth", "job.hold": "auth" });
  await parked(3, { "end.failure": "refused", "job.hold": "repo:octo/hello" });
  await parked(4, { "end.failure": "github" });
  await parked(5, { state: "blocked" });
  expect(await wake()).toBe(0);
  await clearHold(server.redis, "auth", "ann@pi", "ended by a user");
  // Two schedulers at once.
  const woken = await Promise.all([wake(), wake()]);
  expect(woken.reduce((sum, number) => sum + number, 0)).toBe(2);
  expect(await Promise.all([1, 2, 3, 4, 5].map(stateOf))).toEqual([
    "prioritized",
    "prioritized",
    "delayed",
    "delayed",
    "delayed",
  ]);
  expect(await wake()).toBe(0);
});

fieldTest("E1", "a hold that has expired wakes its jobs, also in a queue that something else holds", async () => {
  await setHold(server.redis, { name: "auth", reason: "r", by: "b", since: 1, until: 2 });
  await parked(1, { "end.failure": "auth", "job.hold": "auth" });
  await queue.pause();
  expect(await wake()).toBe(1);
  await queue.resume();
  expect(await stateOf(1)).toBe("prioritized");
});

it("wakes more than one page of them", async () => {
  const numbers = Array.from({ length: 620 }, (_, index) => index + 1);
  const at = Date.now() + HOUR;
  await queue.addBulk(
    numbers.map((number) => ({
      name: "issue",
      data: { owner: "octo", repo: "hello", number, repositoryId: 1, title: "T", url: "" },
      opts: { jobId: id(number), delay: at - Date.now(), priority: 6 },
    })),
  );
  for (const number of numbers) await store.writeIf(id(number), {}, { state: "parked", "job.hold": "auth" });
  expect(await wake()).toBe(620);
  expect(await queue.getDelayedCount()).toBe(0);
});

fieldTest("E1", "a retry of a job that waits for a time means now", async () => {
  await parked(1, { "end.failure": "github" });
  await parked(2, { state: "retrying", "end.failure": "agent" });
  await parked(3, { state: "queued" });
  expect(await retry(1)).toEqual({ kind: "now", from: "parked", held: null });
  expect(await retry(2)).toEqual({ kind: "now", from: "retrying", held: null });
  expect(await retry(3)).toEqual({ kind: "now", from: "queued", held: null });
  expect(await Promise.all([1, 2, 3].map(stateOf))).toEqual(["prioritized", "prioritized", "prioritized"]);
  expect(await retry(1)).toEqual({ kind: "waiting", held: null });
  // Its attempts are as they were.
  expect(await store.read(id(2))).toMatchObject({ state: "retrying", end: { failure: "agent" } });
});

fieldTest("E1", "a retry names the hold that still keeps the job, and leaves questions and stops alone", async () => {
  await parked(2, { state: "blocked", "question.commentId": 7 });
  await parked(3, { "command.stop": "enough" });
  await hold("auth");
  await parked(1, { "end.failure": "auth", "job.hold": "auth" });
  expect(await retry(1)).toEqual({ kind: "now", from: "parked", held: "auth" });
  expect(await retry(1)).toEqual({ kind: "waiting", held: "auth" });
  await clearHold(server.redis, "auth", "ann@pi", "");
  await hold("repo:octo/hello");
  expect(await retry(1)).toEqual({ kind: "waiting", held: "repo:octo/hello" });
  expect(await retry(2)).toEqual({ kind: "blocked" });
  expect(await retry(3)).toEqual({ kind: "stopping" });
  expect(await Promise.all([2, 3].map(stateOf))).toEqual(["delayed", "delayed"]);
});
