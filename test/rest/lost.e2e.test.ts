import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { readRunStream } from "@tac8/core/conversation/stream";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { afterAll, beforeAll, expect, test } from "vitest";
import { childrenOf, commandOf, processes } from "../processes.ts";
import { createWorld, poll, REPO, type App, type World } from "../world.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld({ config: { coordinator: { max_concurrent_workers: 1, shutdown_grace_seconds: 10 } } });
  world.startApp("scheduler");
});
afterAll(() => world.close());

/** Where the scripts find the runner that they end. */
const pidFile = () => join(world.dir, "runner.pid");

async function startRunner(): Promise<App> {
  const runner = world.startApp("runner");
  await writeFile(pidFile(), String(runner.child.pid));
  return runner;
}

/** A step that says that it was reached, once per run, and lasts. */
const stops = (name: string) => ({ bash: `touch '${join(world.dir, name)}'; sleep 600` });

/** Waits until the n-th agent of the issue has made a step that its live stream has. */
async function madeStep(number: number, runs: number): Promise<void> {
  await poll(120_000, async () => {
    const { runCount: agentRuns, run: agentRun } = (await world.store.read(world.jobId(number))).agent;
    if (agentRuns < runs || agentRun === null) return `there were ${agentRuns} agents`;
    const { events } = await readRunStream(world.redis, { run: agentRun, after: "0", count: 1000 });
    return events.some(({ kind }) => kind === "tool-result") ? null : "no call has finished";
  });
}

fieldTest("F1", "three lost runs that each made progress do not fail the issue: the fourth run finishes", async () => {
  const number = world.openIssue({
    script: {
      first: [{ write: "first.txt", text: "1\n" }, { hang: true }],
      again: [
        { bash: "true" },
        { bash: `until [ -e '${join(world.dir, "last")}' ]; do sleep 0.05; done` },
        { write: "last.txt", text: "2\n" },
        { result: "Done." },
      ],
    },
  });
  for (let run = 1; run <= 3; run += 1) {
    const runner = await startRunner();
    await madeStep(number, run);
    await runner.stop("SIGKILL");
  }
  await world.openGate("last");
  const last = await startRunner();
  await world.waitForState(number, "pr");
  expect(await world.agentStarts(number)).toHaveLength(4);
  const branch = `auto/gh-${number}`;
  expect(await world.github.file(REPO, branch, "first.txt")).toBe("1\n");
  expect(await world.github.file(REPO, branch, "last.txt")).toBe("2\n");
  await last.stop();
});

fieldTest("F1", "lost runs without progress end the issue, and the work before them is on its branch", async () => {
  const number = world.openIssue({
    script: { first: [{ write: "kept.txt", text: "1\n" }, { hang: true }], again: [stops("again")] },
  });
  let runner = await startRunner();
  await madeStep(number, 1);
  for (let run = 2; run <= 4; run += 1) {
    await runner.stop("SIGKILL");
    runner = await startRunner();
    await poll(120_000, async () => ((await world.agentStarts(number)).length < run ? "not resumed" : null));
  }
  await runner.stop("SIGKILL");
  runner = await startRunner();
  await world.waitForState(number, "failed");
  expect((await world.store.read(world.jobId(number))).end.reason).toMatch(/lost 3 times in a row .* without progress/);
  expect(await world.github.file(REPO, `auto/gh-${number}`, "kept.txt")).toBe("1\n");
  expect(await world.agentStarts(number)).toHaveLength(4);
  await runner.stop();
});

fieldTest(
  "B5",
  "an agent that keeps killing its runner is not paid without a limit, and the issue says what happened",
  async () => {
    const kills = [{ bash: `kill -TERM "$(cat '${pidFile()}')"` }, { hang: true }];
    const number = world.openIssue({ script: { first: kills, again: kills } });
    const hasFailed = async () => (await world.store.read(world.jobId(number))).state === "failed";
    let runner = await startRunner();
    // As a service manager does. A runner that was not ended by its agent works until the issue ends.
    for (let starts = 1; starts <= 10 && !(await hasFailed()); starts += 1) {
      await poll(120_000, async () =>
        (await hasFailed()) || runner.child.exitCode !== null ? null : "the runner works",
      );
      if (!(await hasFailed())) runner = await startRunner();
    }
    await runner.stop();
    const { failure, reason } = (await world.store.read(world.jobId(number))).end;
    expect({ failure, reason }).toEqual({
      failure: "lost",
      reason: expect.stringMatching(/ended 6 times in a row while the agent was running/),
    });
    expect(await world.agentStarts(number)).toHaveLength(6);
    expect(world.github.comments(REPO, number).some(({ body }) => body.includes("ended 6 times"))).toBe(true);
  },
);

test("an operator's restarts cost nothing while the agent makes progress", async () => {
  const script = Array.from({ length: 5 }, (_, index) => [
    { write: `${index}.txt`, text: "1\n" },
    stops(`round-${index}`),
  ]);
  const number = world.openIssue({ script: [...script, [{ result: "Done." }]] });
  for (let round = 0; round < 5; round += 1) {
    const runner = await startRunner();
    await poll(120_000, async () => (existsSync(join(world.dir, `round-${round}`)) ? null : "not that far"));
    expect(await runner.stop("SIGTERM")).toBe(0);
  }
  const runner = await startRunner();
  await world.waitForState(number, "pr");
  const begun = (await world.history(number)).filter(({ to }) => to === "running");
  expect(new Set(begun.map(({ evidence }) => evidence["attempt"]))).toEqual(new Set([1]));
  await runner.stop();
});

test("an agent that is killed together with its guard uses no attempt, and its session is resumed", async () => {
  const number = world.openIssue({
    script: {
      first: [{ write: "first.txt", text: "1\n" }, { bash: "true" }, { hang: true }],
      again: [{ result: "Done." }],
    },
  });
  const runner = await startRunner();
  await madeStep(number, 1);
  const agent = Number((await world.agentStarts(number))[0]?.["pid"]);
  const runnerPid = processes().find(({ pid }) => pid === agent)?.parent ?? 0;
  const guard = childrenOf([runnerPid]).find(({ command }) => command.startsWith("tac8 guard"))?.pid ?? 0;
  expect(commandOf(guard)).toContain("guard");
  for (const pid of [guard, agent]) process.kill(pid, "SIGKILL");
  await world.waitForState(number, "pr");
  const begun = (await world.history(number)).filter(({ to }) => to === "running");
  expect(begun.map(({ evidence }) => evidence["attempt"])).toEqual([1, 1]);
  expect(await world.github.file(REPO, `auto/gh-${number}`, "first.txt")).toBe("1\n");
  await runner.stop();
});

fieldTest("F7", "an agent's work is committed while Redis is connected and does not answer", async () => {
  const { pid } = world.redisServer;
  const number = world.openIssue({
    script: [{ write: "saved.txt", text: "1\n" }, { bash: `kill -STOP ${pid}` }, { result: "Done." }],
  });
  const runner = await startRunner();
  try {
    const tree = join(world.dataFolder, `workspaces/octo/widgets/trees/gh-${number}`);
    await poll(120_000, async () => {
      const { stdout } = await execa("git", ["-C", tree, "log", "--format=%s", "--", "saved.txt"], { reject: false });
      return stdout.includes("not committed yet") ? null : "not saved";
    });
  } finally {
    process.kill(pid, "SIGCONT");
  }
  await world.waitForState(number, "pr");
  await runner.stop();
});
