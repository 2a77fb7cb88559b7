import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isAlive } from "./processes.ts";
import { createWorld, poll, REPO, type App, type World } from "./world.ts";

let world: World;
let scheduler: App;
let runner: App;
beforeAll(async () => {
  world = await createWorld({ config: { coordinator: { lock_seconds: 16, shutdown_grace_seconds: 4 } } });
  scheduler = world.startApp("scheduler");
  runner = world.startApp("runner");
});
afterAll(() => world.close());

/** An issue whose agent has written a file that it has not committed, and waits at its gate. */
async function atWork(gate: string): Promise<{ number: number; pid: number }> {
  const number = world.openIssue({
    script: [{ write: "work.txt", text: "1\n" }, world.gate(gate), { result: "Done." }],
  });
  let pid = 0;
  await poll(120_000, async () => {
    pid = Number((await world.agentStarts(number))[0]?.["pid"] ?? 0);
    const { stdout } = await git(number, "status", "--porcelain");
    return pid > 0 && stdout.includes("work.txt") ? null : "no agent has written";
  });
  return { number, pid };
}

// While tac8 makes the worktree its index is not to be locked from here.
const git = (number: number, ...args: string[]) =>
  execa(
    "git",
    ["--no-optional-locks", "-C", join(world.dataFolder, `workspaces/octo/widgets/trees/gh-${number}`), ...args],
    {
      reject: false,
    },
  );

test("Redis is unreachable for longer than a lock lasts: the agent is killed before the lock expires, without a used attempt or lost work; an agent that finished meanwhile is not run again, and its cost is counted once", async () => {
  const long = await atWork("only after Redis is back");
  const short = await atWork("while Redis is unreachable");
  await world.stopRedis();
  await world.openGate("while Redis is unreachable");
  await runner.waitForLog("agent ended");
  await runner.waitForLog("the job's lock could not be renewed in time");
  await poll(120_000, async () => (isAlive(long.pid) ? "the agent is alive" : null));
  await world.openGate("only after Redis is back");
  await world.startRedis();
  for (const { number } of [long, short]) {
    await world.waitForState(number, "pr");
    expect(await world.github.file(REPO, `auto/gh-${number}`, "work.txt")).toBe("1\n");
  }

  const begun = (await world.history(long.number)).filter(({ to }) => to === "running");
  expect(begun.map(({ evidence }) => evidence["attempt"])).toEqual([1, 1]);
  expect(await world.agentStarts(long.number)).toHaveLength(2);

  expect(await world.agentStarts(short.number)).toHaveLength(1);
  const ends = (await world.history(short.number)).filter(({ to }) => to === "agent");
  const {
    work: { summary },
    agent: { usage },
  } = await world.store.read(world.jobId(short.number));
  expect(summary).toBe("Done.");
  expect(ends.map(({ evidence }) => evidence["turns"])).toEqual([usage?.turns]);
});

test("SIGTERM while Redis is unreachable: agent and runner end, and the work is committed in its workspace", async () => {
  const { number, pid } = await atWork("never");
  // Not before: it would be as likely to take the job.
  const idle = world.startApp("runner", { TAC8_HOME: join(world.dir, "idle") });
  await idle.waitForLog("runner ready");
  await world.stopRedis();
  expect(await Promise.all([runner, idle, scheduler].map((app) => app.stop()))).toEqual([0, 0, 0]);
  expect(isAlive(pid)).toBe(false);
  expect(runner.log()).toContain("closed without requeuing 1 running jobs");
  expect(idle.log()).not.toContain("without requeuing 1");
  expect((await git(number, "show", "HEAD:work.txt")).stdout).toBe("1");
});
