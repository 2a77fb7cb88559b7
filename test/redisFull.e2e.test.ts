import { afterEach, expect, test } from "vitest";
import { isAlive } from "./processes.ts";
import { atWork, complaints, MAX_LOG_LINES, REFUSALS, refuseAtEnd, send } from "./refusingRedis.ts";
import { createWorld, poll, REPO, type World } from "./world.ts";

let world: World;
afterEach(() => world.close());

test("a Redis that is out of memory when an agent ends: the agent's work is published once, as soon as Redis accepts writes", async () => {
  world = await createWorld({ config: { coordinator: { max_attempts: 1 } } });
  await refuseAtEnd(world, REFUSALS[0]);
});

test("a Redis that is out of memory for longer than a lock lasts: the agent is killed before the lock expires, and the next run continues its work", async () => {
  world = await createWorld({ config: { coordinator: { max_attempts: 1, lock_seconds: 4 } } });
  const [{ begin, end, words }] = REFUSALS;
  const number = world.openIssue({
    script: [{ write: "work.txt", text: "1\n" }, world.gate("go"), { commit: "feat: work" }, { result: "Done." }],
  });
  const apps = [world.startApp("scheduler"), world.startApp("runner")];
  const pid = await atWork(world);
  await send(world, begin);
  await apps[1]?.waitForLog("the job's lock could not be renewed in time");
  await poll(120_000, async () => (isAlive(pid) ? "the agent is alive" : null));
  await world.openGate("go");
  await send(world, end);
  await world.waitForState(number, "pr");
  const starts = await world.agentStarts();
  expect(starts).toMatchObject([{ resumed: false }, { resumed: true, session: starts[0]?.["session"] }]);
  const begun = (await world.history(number)).filter(({ to }) => to === "running");
  expect(begun.map(({ evidence }) => evidence["attempt"])).toEqual([1, 1]);
  expect(world.github.pulls(REPO)).toHaveLength(1);
  expect(world.github.comments(REPO, number)).toHaveLength(1);
  expect(await world.github.file(REPO, `auto/gh-${number}`, "work.txt")).toBe("1\n");
  for (const app of apps) expect(complaints(app, words)).toBeLessThan(MAX_LOG_LINES);
});
