import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { readEvents } from "@tac8/core/state/events";
import { readHolds } from "@tac8/core/state/holds";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { createWorld, poll, REPO, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld({
    config: { coordinator: { max_attempts: 3, max_concurrent_workers: 4, backoff_factor: 0.001 } },
  });
  world.startApp("scheduler");
  world.startApp("runner");
});
afterAll(() => world.close());

const append = (text: string) => ({ append: "work.txt", text: `${text}\n` });
const commit = (what: string) => ({ commit: `feat: ${what}` });

/** Its first session commits half of the work and is killed; resumed, it can only end like this. A new one does the rest. */
function halfDone(name: string, again: unknown) {
  const once = (what: string, step: unknown) => ({ once: join(world.dir, `${name}-${what}`), step });
  const half = [once("half", append("half")), once("commit", commit("half")), once("crash", { crash: true })];
  const prompt = { prompt: join(world.dir, `${name}-prompt.txt`) };
  const first = [prompt, ...half, append("whole"), commit("whole"), { result: "Worked." }];
  return world.openIssue({ title: name, script: { first, again: [again] } });
}

async function expectNewSession(number: number, name: string): Promise<void> {
  await world.waitForState(number, "pr");
  const starts = await world.agentStarts(number);
  expect(starts.map(({ resumed }) => resumed)).toEqual([false, true, false]);
  expect(starts[1]?.["session"]).toBe(starts[0]?.["session"]);
  expect(starts[2]?.["session"]).not.toBe(starts[0]?.["session"]);
  expect(new Set(starts.map(({ cwd }) => cwd)).size).toBe(1);
  expect(await world.github.file(REPO, `auto/gh-${number}`, "work.txt")).toBe("half\nwhole\n");
  expect(world.github.pulls(REPO).filter(({ head }) => head === `auto/gh-${number}`)).toHaveLength(1);
  const prompt = await readFile(join(world.dir, `${name}-prompt.txt`), "utf8");
  expect(prompt).toContain("Earlier work on this issue is on your branch");
  expect(prompt).toContain("You are working on GitHub issue");
}

fieldTest(
  "A2",
  "a session that can only fail is not resumed again: a new one continues in the same workspace",
  async () => {
    const ends = { refusal: { refused: "refusal" }, long: { refused: "prompt_too_long" } };
    const numbers = Object.entries({ ...ends, invalid: { error: { status: 400, message: "messages.3: bad" } } }).map(
      ([name, again]) => ({ name, number: halfDone(name, again) }),
    );
    for (const { name, number } of numbers) await expectNewSession(number, name);
  },
);

fieldTest(
  "A3",
  "a success without any output or tool call publishes no incomplete work of an earlier run",
  async () => {
    const number = halfDone("nothing", { nothing: true });
    await world.waitForNthState(number, "retrying", 2);
    const failed = (await world.history(number)).filter(({ to }) => to === "retrying");
    expect(failed.at(-1)?.reason).toContain("without any output or tool call");
    await expectNewSession(number, "nothing");
  },
);

fieldTest("A5", "an outage of the model holds the queue, probes with one job, and costs no attempt", async () => {
  const overloadedModel = [{ bash: "echo work >> work.txt" }, { error: { status: 529, message: "Overloaded" } }];
  const lost = [{ error: { status: null, message: "Connection refused (ECONNREFUSED)" } }];
  const well = [commit("work"), { result: "Worked." }];
  const number = world.openIssue({ script: [overloadedModel, lost, overloadedModel, well] });
  await world.waitForNthState(number, "parked", 1);
  const other = world.openIssue({ script: [{ write: "other.txt", text: "other\n" }, { result: "Worked." }] });
  await world.waitForState(number, "pr");
  await world.waitForState(other, "pr");

  const history = await world.history(number);
  expect(history.filter(({ to }) => to === "parked").map(({ evidence }) => evidence["failure"])).toEqual(
    Array.from({ length: 3 }, () => "model"),
  );
  const begun = history.filter(({ to }) => to === "running");
  expect(begun.map(({ evidence }) => evidence["attempt"])).toEqual([1, 1, 1, 1]);
  expect((await world.agentStarts(number)).map(({ resumed }) => resumed)).toEqual([false, true, true, true]);
  const hold = (await readEvents(world.redis, { count: 1000 })).find(({ to }) => to === "hold");
  expect(hold).toMatchObject({ evidence: { name: "model" }, reason: expect.stringContaining("529") });
  await poll(120_000, async () => {
    const holds = await readHolds(world.redis);
    const limit = await world.queue.getGlobalConcurrency();
    return holds.length === 0 && limit === null ? null : `${holds.length} holds, limited to ${limit}`;
  });
});

fieldTest("A1", "a login that cannot be used holds the queue; no attempt is used", async () => {
  const message = "Failed to authenticate: OAuth session expired and could not be refreshed";
  const expired = { error: { status: null, message, code: "authentication_failed" } };
  const number = world.openIssue({
    script: [append("half"), expired, append("whole"), commit("w"), { result: "Done." }],
  });
  await world.waitForState(number, "pr");
  const history = await world.history(number);
  expect(history.filter(({ to }) => to === "parked")).toMatchObject([
    { evidence: { failure: "auth" }, reason: expect.stringContaining("Failed to authenticate") },
  ]);
  expect(history.filter(({ to }) => to === "running").map(({ evidence }) => evidence["attempt"])).toEqual([1, 1]);
  const held = (await readEvents(world.redis, { count: 1000 })).filter(({ to }) => to === "hold");
  expect(held.filter(({ evidence }) => evidence["name"] === "auth")).toHaveLength(1);
});
