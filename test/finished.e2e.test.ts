import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createWorld, poll, REPO, type App, type World } from "./world.ts";

let world: World;
let runner: App;
beforeAll(async () => {
  world = await createWorld({ config: { coordinator: { max_attempts: 1 } } });
  world.startApp("scheduler");
  runner = world.startApp("runner");
});
afterAll(() => world.close());

const tree = (number: number) => join(world.dataFolder, "workspaces", REPO, "trees", `gh-${number}`);

/** An issue whose agent has finished; it is published when `resume` is called. A rate limit parks it at the first try. */
async function finished(): Promise<{ number: number; resume: () => Promise<void> }> {
  const gate = randomUUID();
  const work = [{ write: "mine.txt", text: `${gate}\n` }, { commit: "feat: mine" }, { result: "Done." }];
  const number = world.openIssue({ script: [world.gate(gate), ...work] });
  await poll(120_000, async () => ((await world.agentStarts(number)).length === 1 ? null : "no agent"));
  const reset = Math.ceil(Date.now() / 1000) + 3600;
  const headers = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(reset) };
  const path = `/repos/${REPO}/pulls`;
  world.github.fault({ method: "GET", path, times: 1000, do: { status: 403, headers, body: { message: "limit" } } });
  await world.openGate(gate);
  await world.waitForNthState(number, "parked", 1);
  const resume = async () => {
    world.github.clearFaults();
    await poll(120_000, async () => {
      const job = await world.queue.getJob(world.jobId(number));
      if ((await job?.getState()) !== "delayed") return "its job is not parked";
      await job?.promote();
      return null;
    });
  };
  return { number, resume };
}

// Other damage, and how finished work is recovered then: apps/runner/src/workspace/restoreFinishedWork.int.test.ts.
test("finished work whose folder is missing is published, and not done again", async () => {
  const { number, resume } = await finished();
  await rm(tree(number), { recursive: true });
  await resume();
  await world.waitForState(number, "pr");
  expect(await world.agentStarts(number)).toHaveLength(1);
  expect(await world.github.file(REPO, `auto/gh-${number}`, "mine.txt")).toBeDefined();
});

test("finished work whose folder is removed during its publication is published, and not done again", async () => {
  const gate = randomUUID();
  const work = [{ write: "mine.txt", text: `${gate}\n` }, { commit: "feat: mine" }, { result: "Done." }];
  const number = world.openIssue({ script: [world.gate(gate), ...work] });
  await poll(120_000, async () => ((await world.agentStarts(number)).length === 1 ? null : "no agent"));
  // The agent's end was saved before the branch's pull requests are read for the push.
  const ended = Promise.withResolvers<void>();
  const leave = world.github.onRequest(({ method, path, query }) => {
    if (method !== "GET" || !path.endsWith("/pulls") || !query.includes(`gh-${number}`)) return;
    leave();
    rmSync(tree(number), { recursive: true });
    ended.resolve();
  });
  await world.openGate(gate);
  await ended.promise;
  await world.waitForState(number, "pr");
  expect(await world.agentStarts(number)).toHaveLength(1);
  expect(await world.github.file(REPO, `auto/gh-${number}`, "mine.txt")).toBeDefined();
});

test("finished work on a lost disk: the job waits for a day without a slot, and then the work is done again", async () => {
  const { number, resume } = await finished();
  await runner.stop();
  await rename(world.dataFolder, join(world.dir, "lost"));
  const before = world.github.requests.length;
  await resume();
  world.startApp("runner");
  const parkings = async () =>
    (await world.history(number)).filter(({ reason }) => reason.startsWith("waiting until the runner")).length;
  await poll(120_000, async () => ((await parkings()) >= 2 ? null : "nobody waits for the lost disk"));
  const requests = world.github.requests
    .slice(before)
    .filter(({ path, query }) => path.endsWith("/pulls") && query.includes(`gh-${number}`)).length;
  expect(requests, "one for each time that it was taken up").toBeLessThanOrEqual((await parkings()) + 1);
  expect(requests).toBeGreaterThan(1);
  expect(await world.agentStarts(number)).toHaveLength(1);

  const long = new Date(Date.now() - 25 * 3_600_000).toISOString();
  await world.store.writeIf(world.jobId(number), {}, { "work.finishedAt": long, "round.queuedAt": long });
  await world.waitForState(number, "pr");
  expect(await world.agentStarts(number)).toHaveLength(2);
  const notes = (await world.history(number)).filter(({ to }) => to === "note").map(({ reason }) => reason);
  expect(notes).toEqual([expect.stringContaining("was unreachable for a day")]);
});
