import { afterAll, afterEach, expect, test } from "vitest";
import { makeBomb } from "../apps/runner/src/process/testing/bomb.ts";
import { createWorld, type World } from "./world.ts";

const bomb = makeBomb(400);
const NAME = bomb === null ? " (skipped: nothing here bounds one)" : "";

let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});
afterAll(() => bomb?.remove());

const quoted = (words: readonly string[]) => words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
const DONE = [{ write: "a.txt", text: "a\n" }, { commit: "feat: a" }, { result: "Done." }];

test.skipIf(bomb === null)(
  `a fork bomb ends its run; the runner, the parallel run and the next issue continue${NAME}`,
  async () => {
    world = await createWorld({
      config: { host: { max_processes_per_run: 200 }, coordinator: { max_concurrent_workers: 2, lock_seconds: 10 } },
    });
    const beside = world.openIssue({ script: [world.gate("beside"), ...DONE] });
    const number = world.openIssue({
      script: { first: [{ bash: quoted(bomb?.program ?? []) }, { result: "never" }], again: DONE },
    });
    world.startApp("scheduler");
    const runner = world.startApp("runner");
    await world.waitForNthState(number, "retrying", 1);
    const failed = (await world.history(number)).filter(({ to }) => to === "retrying");
    expect(failed).toMatchObject([{ evidence: { failure: "process-limit" } }]);
    expect(failed[0]?.reason).toMatch(/more than 200 processes and threads/);
    await world.waitForState(number, "pr");
    await world.openGate("beside");
    await world.waitForState(beside, "pr");
    await world.waitForState(world.openIssue({ script: DONE }), "pr");
    expect(await world.agentStarts(), "one run was tried again, and none was lost").toHaveLength(4);
    expect(runner.child.exitCode).toBeNull();
    expect(runner.log()).toMatch(/"by":"[^"]+","msg":"process limit of each run"/);
  },
);
