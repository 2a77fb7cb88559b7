import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { readEvaluation } from "@tac8/core/state/healthEvaluation";
import { readRunners } from "@tac8/core/state/presence";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { afterAll, beforeAll, expect } from "vitest";
import { filesUnder } from "../filesUnder.ts";
import { createWorld, poll, REPO, type World } from "../world.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld();
  world.startApp("scheduler");
});
afterAll(() => world.close());

const overloaded = async () => (await readRunners(world.redis)).map((runner) => runner.tired ?? "").join();

fieldTest(
  "F11",
  "a data folder that is moved while its runner is alive costs no attempt, and is used again when it is back",
  async () => {
    const reached = join(world.dir, "reached");
    const number = world.openIssue({
      script: [
        { write: "a.txt", text: "1\n" },
        { bash: `touch '${reached}'; until [ -e '${join(world.dir, "on")}' ]; do sleep 0.05; done` },
        { result: "Done." },
      ],
    });
    const runner = world.startApp("runner");
    await poll(120_000, async () => (existsSync(reached) ? null : "the agent is not that far"));
    await rename(world.dataFolder, join(world.dir, "moved"));
    await poll(120_000, async () => ((await overloaded()).includes("is missing") ? null : "not noticed"));
    await poll(120_000, async () => {
      const reasons = (await readEvaluation(world.redis))?.reasons ?? [];
      return reasons.some(({ text }) => text.includes("the data folder") && text.includes("is missing"))
        ? null
        : "health says nothing";
    });
    await world.openGate("on");
    await world.waitForState(number, "parked");
    const other = world.openIssue({ script: [{ write: "b.txt", text: "1\n" }, { result: "Done." }] });
    await world.waitForNthState(other, "queued", 1);
    expect((await world.store.read(world.jobId(number))).end.failure).toBe("disk");
    expect((await world.queue.getJob(world.jobId(number)))?.attemptsMade).toBe(0);
    // tac8 makes nothing there that would hide what comes back. The agent's program makes its HOME again, and with it the data
    // folder, in which the scheduler then keeps its list of tasks.
    const ofAgent = join(world.dataFolder, "homes", ...REPO.split("/"));
    const expected = (file: string) => file.startsWith(`${ofAgent}/`) || file === join(world.dataFolder, "tasks.md");
    expect((await filesUnder(world.dataFolder)).filter((file) => !expected(file))).toEqual([]);
    await rm(world.dataFolder, { recursive: true, force: true });
    await rename(join(world.dir, "moved"), world.dataFolder);
    await poll(120_000, async () => ((await overloaded()) === "" ? null : "not noticed"));
    await world.waitForState(number, "pr");
    await world.waitForState(other, "pr");
    const attempts = (await world.history(number)).filter(({ to }) => to === "running");
    expect(new Set(attempts.map(({ evidence }) => evidence["attempt"]))).toEqual(new Set([1]));
    expect(runner.child.exitCode).toBeNull();
  },
);
