import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, expect, test } from "vitest";
import { startRedisServer, type RedisServer } from "@tac8/sandbox/redis";
import { isAlive } from "./processes.ts";
import { ROOT } from "./programs.ts";
import { createWorld, poll, REPO, type World } from "./world.ts";

let world: World;
let again: RedisServer | null = null;
afterEach(async () => {
  // What ends in an orderly way needs its Redis.
  if (again === null) {
    await world.redisServer.stop();
    await restartRedis();
  }
  await world.close();
  await again?.stop();
  again = null;
});

async function restartRedis(): Promise<void> {
  const port = Number(new URL(world.redisServer.url).port);
  again = await startRedisServer({ dir: join(world.dir, "redis"), port });
}

/** An agent that stands at its gate with work that it has not committed. @returns its process. */
async function atWork(): Promise<number> {
  const gate = `until [ -e '${join(world.dir, "go")}' ]; do sleep 0.05; done`;
  world.openIssue({ script: [{ write: "work.txt", text: "1\n" }, { bash: gate }, { result: "Done." }] });
  let pid = 0;
  await poll(60_000, async () => {
    pid = Number((await world.agentStarts())[0]?.["pid"] ?? 0);
    const { stdout } = await git("status", "--porcelain");
    return pid > 0 && stdout.includes("work.txt") ? null : "no agent has written";
  });
  return pid;
}

const git = (...args: string[]) =>
  execa("git", ["-C", join(world.home, "workspaces/octo/widgets/trees/gh-1"), ...args], { reject: false });

test("Redis goes away for longer than a lock: the agent is dead before it ends; no attempt is burnt, no work lost", async () => {
  world = await createWorld({ config: { coordinator: { lock_seconds: 4 } } });
  world.startApp("scheduler");
  const runner = world.startApp("runner");
  const pid = await atWork();
  await world.redisServer.stop();
  await runner.says("the job's lock could not be renewed in time");
  await poll(30_000, async () => (isAlive(pid) ? "the agent is alive" : null));
  await writeFile(join(world.dir, "go"), "");
  await restartRedis();
  await world.reaches(1, "pr");
  expect(await world.github.file(REPO, "auto/gh-1", "work.txt")).toBe("1\n");
  const attempts = (await world.history(1))
    .filter(({ to }) => to === "running")
    .map(({ evidence }) => evidence["attempt"]);
  expect(attempts).toEqual([1, 1]);
});

test("an agent ends while Redis is away for longer than a lock: it is not asked again, and its cost is counted once", async () => {
  world = await createWorld({ config: { coordinator: { lock_seconds: 16 } } });
  world.startApp("scheduler");
  const runner = world.startApp("runner");
  await atWork();
  await world.redisServer.stop();
  await writeFile(join(world.dir, "go"), "");
  await runner.says("agent ended");
  await runner.says("the job's lock could not be renewed in time");
  await restartRedis();
  await world.reaches(1, "pr");
  expect(await world.agentStarts()).toHaveLength(1);
  expect(await world.github.file(REPO, "auto/gh-1", "work.txt")).toBe("1\n");
  const counted = (await world.history(1)).filter(({ to }) => to === "agent").map(({ evidence }) => evidence["turns"]);
  const { summary, usage } = await world.store.read(world.jobId(1));
  expect(summary).toBe("Done.");
  expect(counted).toEqual([usage?.turns]);
});

test("SIGTERM while Redis is away: agent and runner end, the work is committed in its workspace", async () => {
  world = await createWorld({ config: { coordinator: { shutdown_grace_seconds: 4 } } });
  const scheduler = world.startApp("scheduler");
  const runner = world.startApp("runner");
  const pid = await atWork();
  // Not before: it would be as likely to take the job.
  const idle = world.startApp("runner", { TAC8_HOME: join(world.dir, "idle") });
  await idle.says("runner ready");
  await world.redisServer.stop();
  expect(await Promise.all([runner, idle, scheduler].map((app) => app.stop()))).toEqual([0, 0, 0]);
  expect(isAlive(pid)).toBe(false);
  expect(runner.log()).toContain("closed without handing back 1 running jobs");
  expect(idle.log()).not.toContain("without handing back 1");
  expect((await git("show", "HEAD:work.txt")).stdout).toBe("1");
});

test("an app that gives up is closed in order, says why, and ends with exit code 1", async () => {
  world = await createWorld();
  const program = `import { runApp } from "@tac8/core/app/main";
    await runApp("test", async (_config, { log, abandon }) => {
      setImmediate(() => abandon(new Error("nothing works any more: look into it")));
      return { close: async () => log.info("closed in order") };
    });`;
  const env = {
    TAC8_CONFIG: join(world.dir, "config.toml"),
    TAC8_HOME: world.home,
    REDIS_URL: world.redisServer.url,
    GITHUB_TOKEN: world.token,
  };
  const options = { cwd: ROOT, env, reject: false } as const;
  const { exitCode, stdout } = await execa(process.execPath, ["--input-type=module", "-e", program], options);
  expect(exitCode).toBe(1);
  expect(stdout).toContain("nothing works any more: look into it");
  expect(stdout).toContain("closed in order");
});
