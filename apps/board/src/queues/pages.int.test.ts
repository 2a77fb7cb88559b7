import { Queue, Worker } from "bullmq";
import { afterEach, expect, test } from "vitest";
import { jobOptions, QUEUE_NAME, type JobData } from "@tac8/core/queue/contract";
import { connectRedis } from "@tac8/core/queue/redis";
import { createIssueStore } from "@tac8/core/state/issueStore";
import { ask, Cleanup, setUpBoard, setUpRedis } from "../board.fixture.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const PR = "https://github.com/octo/hello/pull/501";
const idOf = (number: number) => `octo.hello.${number}`;

/** Start a board with three waiting jobs; `work` processes one of them. */
async function setUp(board = "") {
  const { redis, server } = await setUpRedis(cleanup);
  const queue = new Queue(QUEUE_NAME, { connection: redis });
  cleanup.add(() => queue.close());
  for (const number of [1, 2, 3]) {
    const url = `https://github.com/octo/hello/issues/${number}`;
    const data: JobData = { owner: "octo", repo: "hello", number, repositoryId: 1, title: `Title ${number}`, url };
    await queue.add(
      "issue",
      data,
      jobOptions({ jobId: idOf(number), priority: "P2", beforeNewWork: false, attempts: 1 }),
    );
  }
  const { url } = await setUpBoard(cleanup, { redis, board });
  const api = `${url}/queues/api/queues`;
  const put = (path: string, method = "PUT") => ask(`${api}${path}`, { method });
  const work = async (result: () => unknown) => {
    const own = connectRedis(server.url, { name: "board-test-worker", onError: () => undefined });
    const worker = new Worker(QUEUE_NAME, null, { connection: own, autorun: false });
    const job = await worker.getNextJob("token");
    try {
      await job?.moveToCompleted(result(), "token", false);
    } catch (error) {
      await job?.moveToFailed(error as Error, "token", false);
    }
    await worker.close();
    own.disconnect();
  };
  return { redis, queue, url, api, put, work };
}

async function cards(api: string, status: string) {
  const { body } = await ask(`${api}?activeQueue=${QUEUE_NAME}&status=${status}&page=1&jobsPerPage=10`);
  const { queues } = JSON.parse(body) as {
    queues: { jobs: { id: string; name: string; externalUrl: { href: string } }[] }[];
  };
  return queues[0]?.jobs.map(({ id, name, externalUrl }) => ({ id, name, href: externalUrl.href })) ?? [];
}

test("cards have the issue's title and link to the pull request, or to the issue", async () => {
  const { api, work, url } = await setUp();
  await work(() => ({ outcome: "pr", prUrl: PR, reason: null }));
  expect(await cards(api, "completed")).toEqual([{ id: idOf(1), name: "octo/hello#1 Title 1", href: PR }]);
  expect((await cards(api, "prioritized")).map(({ href }) => href)).toContain("https://github.com/octo/hello/issues/2");
  const page = await ask(`${url}/queues/queue/issues`);
  expect(page.status).toBe(200);
  expect(page.body).not.toMatch(/<(?:link|script)[^>]*(?:href|src)="https?:/);
  const script = /src="(static\/js\/main[^"]*)"/.exec(page.body)?.[1] ?? "";
  expect((await ask(`${url}/queues/${script}`)).status).toBe(200);
});

test("destructive actions are refused, and the waiting jobs remain", async () => {
  const { put, queue, redis } = await setUp();
  const calls: readonly (readonly [string, string?])[] = [
    [`/${QUEUE_NAME}/empty`],
    [`/${QUEUE_NAME}/Empty/`],
    [`/${QUEUE_NAME}/obliterate`],
    [`/${QUEUE_NAME}/clean/wait`],
    [`/${QUEUE_NAME}/clean/retry`],
    [`/${QUEUE_NAME}/promote`],
    [`/${QUEUE_NAME}/pause`],
    [`/${QUEUE_NAME}/${idOf(2)}/clean`],
    [`/${QUEUE_NAME}/${idOf(2)}/update-data`, "PATCH"],
    [`/${QUEUE_NAME}/add`, "POST"],
    ["/pause"],
  ];
  for (const [path, method] of calls) {
    const answer = await put(path, method);
    expect([path, answer.status]).toEqual([path, 403]);
    expect(answer.body.split("\n")).toHaveLength(1);
  }
  expect((await queue.getPrioritized()).map(({ id }) => id)).toEqual([1, 2, 3].map(idOf));
  expect(await queue.isPaused()).toBe(false);
  expect(await redis.exists(`bull:${QUEUE_NAME}:${idOf(2)}`)).toBe(1);
});

test("with board.allow_destructive the queue can be emptied", async () => {
  const { put, queue } = await setUp("allow_destructive = true");
  expect((await put(`/${QUEUE_NAME}/empty`)).status).toBe(200);
  expect(await queue.getPrioritizedCount()).toBe(0);
});

test("a failed job is retried, one or all of them", async () => {
  const { put, queue, work } = await setUp();
  const fail = () => {
    throw new Error("tests failed");
  };
  await work(fail);
  await work(fail);
  expect(await queue.getFailedCount()).toBe(2);
  expect((await put(`/${QUEUE_NAME}/${idOf(1)}/retry`)).status).toBe(204);
  expect((await queue.getFailed()).map(({ id }) => id)).toEqual([idOf(2)]);
  expect((await put(`/${QUEUE_NAME}/retry/failed`)).status).toBe(200);
  expect(await queue.getFailedCount()).toBe(0);
  expect((await put(`/${QUEUE_NAME}/retry/completed`)).status).toBe(403);
});

test("a parked job may start now, but not one that waits for a reply", async () => {
  const { put, queue, redis } = await setUp();
  const later = { delay: 3_600_000 };
  for (const number of [8, 9]) await queue.add("issue", { number }, { jobId: idOf(number), ...later });
  await createIssueStore(redis).writeIf(idOf(9), {}, { state: "blocked" });
  expect((await put(`/${QUEUE_NAME}/${idOf(8)}/promote`)).status).toBe(204);
  const refused = await put(`/${QUEUE_NAME}/${idOf(9)}/promote`);
  expect([refused.status, refused.body]).toEqual([403, expect.stringContaining("blocked by a question")]);
  expect((await queue.getDelayed()).map(({ id }) => id)).toEqual([idOf(9)]);
});
