import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readScheduler } from "@tac8/core/state/presence";
import { clearHold, readHolds, setHold } from "@tac8/core/state/holds";
import { configFor, createHarness, type Harness } from "./harness.fixture.ts";
import { reconcileHolds } from "./holds.ts";
import { start, type RunningScheduler } from "./start.ts";

let at: Harness;
const cleanups: (() => Promise<unknown> | void)[] = [];
beforeEach(async () => {
  at = await createHarness();
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  await at.close();
});

async function running(config = at.config): Promise<RunningScheduler> {
  const { signal } = new AbortController();
  const scheduler = await start(config, { log: at.services.log, redis: at.redis, signal });
  cleanups.push(() => scheduler.close());
  return scheduler;
}

test("it polls by itself, and can be closed twice", async () => {
  const scheduler = await running();
  const number = at.openIssue();
  await at.github.waitFor(async () => (await at.statusOf(number)) === "prioritized:queued");
  expect((await readScheduler(at.redis))?.ended).toBeUndefined();
  await Promise.all([scheduler.close(), scheduler.close()]);
  expect((await readScheduler(at.redis))?.ended).toBe(true);
  expect(await readFile(join(at.config.dataFolder, "tasks.md"), "utf8")).toMatch(/^# Tasks\n/);
});

test("a second scheduler on the same Redis stands by, and works when the first one ends", async () => {
  const first = await running();
  const ready = () => at.logged.filter((line) => line.includes("scheduler ready")).length;
  await at.github.waitFor(async () => ready() === 1);
  await running();
  await at.github.waitFor(async () => at.logged.join("").includes("standing by until it ends"));
  expect(ready()).toBe(1);
  await first.close();
  await at.github.waitFor(async () => ready() === 2);
  const number = at.openIssue();
  await at.github.waitFor(async () => (await at.statusOf(number)) === "prioritized:queued");
});

test("close() does not wait for a response that never arrives", async () => {
  const asked = Promise.withResolvers<ServerResponse>();
  const github = silentGitHub(asked.resolve);
  cleanups.push(
    () => github.closeAllConnections(),
    () => void github.close(),
  );
  github.listen(0, "127.0.0.1");
  await once(github, "listening");
  const apiUrl = `http://127.0.0.1:${(github.address() as AddressInfo).port}`;
  const scheduler = await running(configFor({ dir: at.dir, apiUrl, token: "t", repositories: ["widgets"] }));
  const closed = once(await asked.promise, "close");
  await scheduler.close();
  await closed; // The request is aborted too.
});

test("close() does not wait for an unreachable Redis", async () => {
  const scheduler = await running();
  await at.redisServer.stop("SIGKILL");
  await scheduler.close();
  at.redis.disconnect();
});

/** A GitHub that answers the requests for the account and the repository, and then no other request. */
function silentGitHub(onAsked: (response: ServerResponse) => void): Server {
  const repository = { id: 1, full_name: "octo/widgets", default_branch: "main", permissions: { push: true } };
  return createServer((request, response) => {
    const url = request.url ?? "";
    const answer = url === "/user" ? { login: "octo", id: 1 } : url === "/repos/octo/widgets" ? repository : null;
    if (answer === null) onAsked(response);
    else response.setHeader("content-type", "application/json").end(JSON.stringify(answer));
  });
}

test("the queue is held exactly while a hold of the whole queue exists", async () => {
  const { redis, queue } = at;
  const reconcile = (now = 1000) => reconcileHolds({ redis, queue, log: at.services.log, now });
  const hold = { reason: "r", by: "an operator", since: 0, until: null };
  const paused = async () => [await queue.isPaused(), (await readHolds(redis)).map(({ name }) => name).toSorted()];
  await reconcile();
  expect(await paused()).toEqual([false, []]);

  await setHold(redis, { ...hold, name: "repo:octo/widgets" });
  await reconcile();
  expect(await paused()).toEqual([false, ["repo:octo/widgets"]]);

  await setHold(redis, { ...hold, name: "operator" });
  await setHold(redis, { ...hold, name: "usage-limit", until: 2000 });
  await reconcile();
  expect(await paused()).toEqual([true, ["operator", "repo:octo/widgets", "usage-limit"]]);
  await reconcile(2000);
  expect(await paused()).toEqual([true, ["operator", "repo:octo/widgets"]]);
  await clearHold(redis, "operator", "an operator", "enough");
  await reconcile(2000);
  expect(await paused()).toEqual([false, ["repo:octo/widgets"]]);

  // A pause of the queue without a hold is undone; a hold is not.
  await queue.pause();
  await reconcile(2000);
  expect(await queue.isPaused()).toBe(false);
});

test("issues are queued, reprioritized and withdrawn while the queue is held", async () => {
  await at.queue.pause();
  const [one, two] = [at.openIssue(), at.openIssue()];
  await at.poll();
  at.github.closeIssue({ repo: "octo/widgets", number: one, actor: "octo" });
  at.github.addLabel({ repo: "octo/widgets", number: two, actor: "octo", label: "priority:P0" });
  await at.poll();
  expect([await at.statusOf(one), await at.statusOf(two)]).toEqual(["none:withdrawn", "prioritized:queued"]);
  expect((await at.queue.getJob(at.jobId(two)))?.priority).toBe(2);
});
