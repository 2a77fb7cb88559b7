import { afterEach, expect, test } from "vitest";
import { retryIssue } from "@tac8/core/queue/retry";
import { clearHold, setHold } from "@tac8/core/state/holds";
import { createWorld, poll, type World } from "../world.ts";

let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

test("a user's retry needs no label: the job waits until it may run, and then its agent starts", async () => {
  world = await createWorld();
  const { github, queue, store, redis } = world;
  const silent = [{ bash: "true" }, { result: "" }];
  const number = world.openIssue({ script: { first: silent, again: silent } });
  world.startApp("scheduler");
  world.startApp("runner");
  await world.waitForState(number, "failed");
  const jobId = world.jobId(number);
  await poll(120_000, async () => ((await queue.getJob(jobId))?.finishedOn === undefined ? "not finished" : null));
  const before = (await world.agentStarts()).length;
  expect(github.issue("octo/widgets", number).labels).not.toContain("rpi-auto");

  await setHold(redis, { name: "operator", reason: "r", by: "test", since: 0, until: null });
  await poll(120_000, async () => ((await queue.isPaused()) ? null : "not held"));
  expect(await retryIssue({ queue, redis, store, jobId, by: "test", now: Date.now() })).toMatchObject({
    kind: "queued",
  });
  const asked = () => github.requests.filter(({ path }) => path === `/repos/octo/widgets/issues/${number}`).length;
  const sofar = asked();
  await poll(120_000, async () => (asked() >= sofar + 3 ? null : "the scheduler did not check the issue"));
  expect(await store.read(jobId)).toMatchObject({ state: "queued", command: { cancel: null } });

  await clearHold(redis, "operator", "test", "enough");
  await poll(120_000, async () => ((await world?.agentStarts())?.length === before ? "its agent did not run" : null));
  await world.waitForState(number, "failed");
});
