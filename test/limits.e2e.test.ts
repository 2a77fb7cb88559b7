import { afterAll, beforeAll, expect, test } from "vitest";
import { readEvents } from "@tac8/core/state/events";
import { createWorld, poll, REPO, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld({ config: { coordinator: { max_attempts: 1 } } });
  world.startApp("scheduler");
  world.startApp("runner");
});
afterAll(() => world.close());

test("a usage limit: the whole queue is held until its reset, then each parked run resumes its own session", async () => {
  const { github, redis, store } = world;
  const limited = (name: string) =>
    world.openIssue({
      script: {
        first: [{ write: "half.txt", text: `${name}\n` }, world.gate(name), { usageLimit: { resetsIn: 30 } }],
        again: [{ append: "half.txt", text: "whole\n" }, { commit: "feat: whole" }, { result: "Worked." }],
      },
    });
  const [first, second] = [limited("one"), limited("two")];
  for (const number of [first, second]) {
    await poll(180_000, async () => ((await world.agentStarts(number)).length === 1 ? null : `no agent for ${number}`));
  }
  const waiting = world.openIssue({ script: [{ write: "new.txt", text: "new\n" }, { result: "Worked." }] });
  await world.waitForState(waiting, "queued");

  // Both before the first one's reset, however slow the machine is.
  for (const name of ["one", "two"]) await world.openGate(name);
  for (const number of [first, second]) await world.waitForNthState(number, "parked", 1);
  const sessions = new Map<number, string | null>();
  for (const number of [first, second]) sessions.set(number, (await store.read(world.jobId(number))).agent.session);
  for (const number of [first, second, waiting]) await world.waitForState(number, "pr");

  const events = await readEvents(redis, { count: 1000 });
  const hold = events.find(({ to }) => to === "hold");
  const unhold = events.findIndex(({ to }) => to === "unhold");
  expect(hold?.evidence).toMatchObject({ name: "usage-limit" });
  expect(hold?.reason).toContain("usage limit");
  // In between nobody began, whatever slots were free: neither the new one, nor the parked ones.
  const between = events.slice(hold === undefined ? 0 : events.indexOf(hold), unhold);
  expect(between.filter(({ to }) => to === "running")).toEqual([]);

  expect(await world.agentStarts(waiting)).toHaveLength(1);
  for (const number of [first, second]) {
    const session = sessions.get(number);
    expect(await world.agentStarts(number)).toMatchObject([
      { resumed: false, session },
      { resumed: true, session },
    ]);
    const history = await world.history(number);
    const begun = history.filter(({ to }) => to === "running");
    expect(begun.map(({ evidence }) => evidence["attempt"])).toEqual([1, 1]);
    expect(history.filter(({ to }) => to === "parked")).toMatchObject([{ evidence: { failure: "usage-limit" } }]);
    expect(await github.file(REPO, `auto/gh-${number}`, "half.txt")).toMatch(/^(one|two)\nwhole\n$/);
    expect(github.comments(REPO, number)).toHaveLength(1);
  }
  expect(new Set(sessions.values()).size).toBe(2);
  const heads = github.pulls(REPO).map(({ head }) => head);
  for (const number of [first, second, waiting]) {
    expect(heads.filter((head) => head === `auto/gh-${number}`)).toHaveLength(1);
  }
});
