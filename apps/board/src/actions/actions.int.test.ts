import { Queue, Worker } from "bullmq";
import { afterEach, expect, test } from "vitest";
import { createIssueStore } from "@tac8/core/state/issueStore";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { QUEUE_NAME } from "@tac8/core/queue/contract";
import { countAgentRun } from "@tac8/core/ledger/agentRuns";
import { readHolds, setHold } from "@tac8/core/state/holds";
import { ask, Cleanup, setUpBoard, setUpRedis } from "../board.fixture.ts";
import { ROUTES } from "../routes.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

async function setUp() {
  const { redis } = await setUpRedis(cleanup);
  const { url } = await setUpBoard(cleanup, { redis });
  const queue = new Queue(QUEUE_NAME, { connection: redis, skipMetasUpdate: true });
  const press = (path: string, headers = {}) => ask(`${url}${path}`, { method: "POST", headers });
  return { redis, queue, press, url };
}

test("no other site can start an action", async () => {
  const { redis, press } = await setUp();
  for (const { path } of ROUTES.filter(({ method }) => method === "post")) {
    const real = path
      .replace("/:owner/:repo/:number", "/octo/hello/471")
      .replace(":runner", "pi")
      .replace(":hold", "auth");
    for (const headers of [{ origin: "http://evil.example" }, { "sec-fetch-site": "cross-site" }]) {
      expect([path, (await press(real, headers)).status]).toEqual([path, 403]);
    }
  }
  expect(await readHolds(redis)).toEqual([]);
});

test("Pause holds the queue at once, and Resume resumes it if no other hold is active", async () => {
  const { redis, queue, press } = await setUp();
  expect((await press("/pause")).headers["location"]).toBe("/?notice=paused");
  expect(await queue.isPaused()).toBe(true);
  expect(await readHolds(redis)).toMatchObject([{ name: "operator", by: "board" }]);
  const limit = { name: "usage-limit", reason: "limit", by: "pi/0", since: Date.now(), until: null };
  await setHold(redis, limit);
  expect((await press("/resume")).headers["location"]).toBe("/?notice=held");
  expect(await queue.isPaused()).toBe(true);
  expect((await press("/resume")).headers["location"]).toBe("/?notice=not-paused");
});

test("Resume resumes the queue", async () => {
  const { queue, press } = await setUp();
  await press("/pause");
  expect((await press("/resume")).headers["location"]).toBe("/?notice=resumed");
  expect(await queue.isPaused()).toBe(false);
});

test("the actions of an unknown issue report that, and redirect to no other site", async () => {
  const { press } = await setUp();
  for (const verb of ["stop", "stop-now", "retry"]) {
    const { status, headers } = await press(`/issues/octo/hello/471/${verb}?from=//evil.example`);
    expect([status, headers["location"]]).toEqual([303, "/issues/octo/hello/471?notice=not-there"]);
  }
});

fieldTest("E8", "a retry of a pull request and an immediate stop ask for confirmation first", async () => {
  const { redis, queue, press } = await setUp();
  const store = createIssueStore(redis);
  const worker = new Worker(QUEUE_NAME, null, { connection: redis, autorun: false });
  const data = { owner: "octo", repo: "hello", number: 0, repositoryId: 1, title: "", url: "" };
  try {
    await queue.add("issue", { ...data, number: 1 }, { jobId: "octo.hello.1" });
    const ended = await worker.getNextJob("token");
    await ended?.moveToCompleted({ outcome: "pr" }, "token", false);
    await store.writeIf("octo.hello.1", {}, { state: "pr", "pull.number": 5 });
    await queue.add("issue", { ...data, number: 2 }, { jobId: "octo.hello.2" });
    await worker.getNextJob("token");
    await store.writeIf("octo.hello.2", {}, { state: "running" });

    const retry = await press("/issues/octo/hello/1/retry?from=overview");
    expect([retry.status, (await store.read("octo.hello.1")).state]).toEqual([200, "pr"]);
    expect(retry.body).toContain("another paid agent run");
    expect(retry.body).toContain('action="/issues/octo/hello/1/retry?confirmed=yes&amp;from=overview"');
    const stop = await press("/issues/octo/hello/2/stop-now");
    expect([stop.status, (await store.read("octo.hello.2")).command.stop]).toEqual([200, null]);

    expect((await press("/issues/octo/hello/1/retry?confirmed=yes&from=overview")).headers["location"]).toBe(
      "/?notice=retried",
    );
    expect((await press("/issues/octo/hello/2/stop-now?confirmed=yes")).status).toBe(303);
    expect((await store.read("octo.hello.2")).command.stopMode).toBe("kill");
  } finally {
    await worker.close();
  }
});

fieldTest(
  "E1",
  "the hold's box says what to do, and Try now wakes the jobs that were parked for the hold",
  async () => {
    const { redis, queue, press, url } = await setUp();
    const until = Date.now() + 900_000;
    const auth = { name: "auth", reason: "Invalid API key", by: "pi/0", since: Date.now(), until };
    await setHold(redis, auth);
    await setHold(redis, { ...auth, name: "repo:octo/hello", reason: "403" });
    await setHold(redis, { ...auth, name: "redis-emptied" });
    await queue.add("issue", { title: "T" }, { jobId: "octo.hello.3", delay: 900_000 });
    const store = createIssueStore(redis);
    await store.writeIf("octo.hello.3", {}, { state: "parked", "end.failure": "auth", "job.hold": "auth" });
    const page = (await ask(`${url}/`)).body;
    expect(page).toContain("Sign the agent in again, or set a valid ANTHROPIC_API_KEY");
    expect(page).toContain('action="/holds/auth/end"');
    expect(page).toContain('action="/holds/repo%3Aocto%2Fhello/end"');
    expect(page).not.toContain("/holds/redis-emptied/end");
    expect((await ask(`${url}/issues/octo/hello/3`)).body).toContain("Try now");

    expect((await press("/holds/redis-emptied/end")).headers["location"]).toBe("/?notice=by-itself");
    expect((await press("/issues/octo/hello/3/retry")).headers["location"]).toMatch(/notice=now-held$/);
    expect((await press("/holds/auth/end")).headers["location"]).toBe("/?notice=held");
    expect(await (await queue.getJob("octo.hello.3"))?.getState()).toBe("waiting");
    expect((await press("/holds/repo%3Aocto%2Fhello/end")).headers["location"]).toBe("/?notice=held");
    expect((await readHolds(redis)).map(({ name }) => name)).toEqual(["redis-emptied"]);
    expect((await press("/holds/auth/end")).headers["location"]).toBe("/?notice=no-hold");
  },
);

test("a tap on an old page ends no budget hold, and one on a current budget hold asks for confirmation first", async () => {
  const { redis, press } = await setUp();
  const begin = async () => (await countAgentRun(redis, { maxUsd: 0, maxRuns: 1 }, Date.now())).kind;
  expect((await press("/holds/budget/end?confirmed=yes")).headers["location"]).toBe("/?notice=no-hold");
  expect(await begin()).toBe("begun");
  expect(await begin()).toBe("refused");
  const hold = { name: "budget", reason: "used up", by: "scheduler", since: Date.now(), until: Date.now() + 60_000 };
  await setHold(redis, hold);
  expect((await press("/holds/budget/end")).body).toContain("do not apply until midnight");
  expect(await begin()).toBe("refused");
  expect((await press("/holds/budget/end?confirmed=yes")).headers["location"]).toBe("/?notice=tried");
  expect(await begin()).toBe("begun");
});

test("after an outage of the model, the queue stays paused until one job runs as a probe", async () => {
  const { redis, queue, press } = await setUp();
  await queue.pause();
  await setHold(redis, { name: "model", reason: "529", by: "pi/0", since: Date.now(), until: Date.now() + 60_000 });
  await press("/holds/model/end");
  expect(await readHolds(redis)).toEqual([]);
  expect(await queue.isPaused()).toBe(true);
});
