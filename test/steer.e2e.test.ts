import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Job } from "bullmq";
import { startRedisServer } from "@tac8/sandbox/redis";
import { afterEach, expect, test } from "vitest";
import { launch, type Launched } from "./launch.ts";
import { startModelApi, type ModelApi } from "./modelApi.ts";
import { isAlive, processes } from "./processes.ts";
import { programOf, ROOT } from "./programs.ts";
import { createWorld, LABEL, OWNER, poll, REPO, type App, type World } from "./world.ts";

let world: World;
let api: ModelApi | null = null;
afterEach(async () => {
  await world.close();
  await api?.stop();
  api = null;
});

/** The command as people run it, a process of its own. */
function tac8(...args: string[]): Launched {
  return launch(programOf("cli"), {
    args,
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: world.dir,
      USER: "ann",
      TAC8_CONFIG: join(world.dir, "config.toml"),
      TAC8_HOME: world.home,
      REDIS_URL: world.redisServer.url,
      GITHUB_TOKEN: world.token,
      GITHUB_API_URL: world.github.url,
    },
  });
}

async function said(...args: string[]): Promise<string> {
  const command = tac8(...args);
  expect({ code: await command.ended, err: command.stderr() }).toEqual({ code: 0, err: "" });
  return command.stdout();
}

const workspace = (number: number, name: string) =>
  join(world.home, `workspaces/octo/widgets/trees/gh-${number}`, name);

/** What the model does first: a file that is not committed, then a command that lasts. */
const LONG = `@@stub ${JSON.stringify([
  { tool: "Bash", input: { command: "echo half > half.txt; echo $$ > shell.pid; sleep 600" } },
  { text: "No more." },
])}@@`;

function startClaude(): App {
  return world.startApp("runner", {
    PATH: `${join(ROOT, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`,
    ANTHROPIC_API_KEY: "sk-ant-not-a-key",
    ANTHROPIC_BASE_URL: api?.url ?? "",
    CLAUDE_CONFIG_DIR: join(world.dir, "claude"),
    CLAUDE_CODE_MAX_RETRIES: "0",
    CLAUDE_CODE_TMPDIR: world.dir,
  });
}

/** Resolves with the pids of the CLI and of its long command, when that runs. */
async function inLongCommand(number: number): Promise<number[]> {
  let shell = 0;
  await poll(90_000, async () => {
    const text = await readFile(workspace(number, "shell.pid"), "utf8").catch(() => "");
    shell = Number(text);
    return shell > 0 ? null : "the agent is not in its command";
  });
  const parent = processes().find(({ pid }) => pid === shell)?.parent ?? 0;
  expect(parent).toBeGreaterThan(1);
  return [parent, shell];
}

test.each([
  ["gently", [], /interrupts its agent/],
  ["at once", ["--now"], /kills its agent/],
])("tac8 stop, %s, of Claude Code itself: dead, its work on the branch, and said", async (_, flags, words) => {
  api = await startModelApi();
  world = await createWorld({ config: { llm: { command: ["claude"] } } });
  const { github, store } = world;
  const number = world.openIssue({ title: "Take long", body: LONG });
  world.startApp("scheduler");
  const runner = startClaude();
  const pids = await inLongCommand(number);
  expect(pids.map(isAlive)).toEqual([true, true]);

  const command = tac8("stop", `${number}`, ...flags, "--reason", "wrong issue");
  expect({ code: await command.ended, err: command.stderr() }).toEqual({ code: 0, err: "" });
  expect(pids.map(isAlive)).toEqual([false, false]);
  expect(command.stdout()).toMatch(words);
  expect(command.stdout()).toMatch(/its work is on the branch auto\/gh-1 \([0-9a-f]{7}\)/);
  expect(command.stdout()).toMatch(/octo\/widgets#1 is stopped\. Its work is on the branch auto\/gh-1\./);
  expect(await github.file(REPO, "auto/gh-1", "half.txt")).toBe("half\n");
  const [comment, ...more] = github.comments(REPO, number);
  expect(more).toEqual([]);
  expect(comment?.body).toContain("**Stopped** by a person.");
  expect(comment?.body).toMatch(/stopped by ann@\S+: wrong issue/);
  expect(comment?.body).toContain(`To try again, put the label \`${LABEL}\` back on.`);
  expect(github.issue(REPO, number).labels).toEqual([]);
  expect(await store.read(world.jobId(number))).toMatchObject({ state: "stopped", stop: null, stopMode: null });
  // The workspace is kept, and was saved rather than thrown away.
  expect(await readFile(workspace(number, "half.txt"), "utf8")).toBe("half\n");
  const ladder = runner.log().match(/"graceMs":(\d+)/)?.[1];
  expect(ladder === "0").toBe(flags.length > 0);
});

/** A step that lasts until the test makes the file. */
const gate = (name: string) => ({ bash: `until [ -e '${join(world.dir, name)}' ]; do sleep 0.05; done` });
const open = (name: string): Promise<void> => writeFile(join(world.dir, name), "");
const atWork = (count: number) =>
  poll(60_000, async () => ((await world.agentStarts()).length >= count ? null : `not ${count} agents`));
const queued = (number: number) =>
  poll(30_000, async () => ((await world.queue.getJob(world.jobId(number))) === undefined ? "not queued" : null));

test("stopped while it waits: at once, though all is held and no runner is there; the label starts it anew", async () => {
  world = await createWorld();
  const { github, store, queue } = world;
  const script = [gate("go"), { write: "a.txt", text: "1\n" }, { commit: "feat: a" }, { result: "Done." }];
  const blocked = world.openIssue({ script: [{ write: "BLOCKED.md", text: "Which?\n" }, { result: "Stuck." }] });
  world.startApp("scheduler");
  const runner = world.startApp("runner");
  await world.reaches(blocked, "blocked");
  await poll(30_000, async () => ((await queue.getDelayedCount()) === 1 ? null : "the job does not wait"));
  await runner.stop();
  expect(await said("pause", "--reason", "lunch")).toContain("nothing new starts");
  const waiting = world.openIssue({ script });
  const parked = world.openIssue({ script });
  for (const number of [waiting, parked]) await queued(number);
  const job = await Job.fromId(queue, world.jobId(parked));
  await job?.remove();
  await queue.add(job?.name ?? "", job?.data, { ...job?.opts, delay: 3_600_000 });
  await store.writeIf(world.jobId(parked), {}, { state: "parked" });

  for (const number of [blocked, waiting, parked]) {
    expect(await said("stop", `${number}`)).toContain(`octo/widgets#${number} is stopped.`);
    expect(await store.read(world.jobId(number))).toMatchObject({ state: "stopped", stop: null });
    expect(await queue.getJob(world.jobId(number))).toBeUndefined();
    expect(github.issue(REPO, number).labels).toEqual([]);
    const comments = github.comments(REPO, number).map(({ body }) => body);
    expect(comments.filter((body) => /\*\*Stopped\*\* by a person\.[\s\S]*stopped by ann@/.test(body))).toHaveLength(1);
    expect(await said("stop", `${number}`)).toContain("there is nothing to stop");
  }
  expect(await said("resume")).toBe("Resumed.\n");
  github.addLabel({ repo: REPO, number: waiting, actor: OWNER, label: LABEL });
  expect(await said("add", `${parked}`)).toMatch(
    /is labelled: rpi-auto, priority P2\. The scheduler finds it within 1 s; no runner/,
  );
  await open("go");
  world.startApp("runner");
  for (const number of [waiting, parked]) {
    await world.enters(number, "pr", 1);
    expect(github.comments(REPO, number)).toHaveLength(1);
  }
  expect(await store.read(world.jobId(blocked))).toMatchObject({ state: "stopped" });
});

test("a stop while no scheduler is there has ended the work; the scheduler tells, and starts nothing", async () => {
  world = await createWorld();
  const { github, store } = world;
  const number = world.openIssue({ script: [{ result: "Nothing." }] });
  const scheduler = world.startApp("scheduler");
  await queued(number);
  await scheduler.stop();
  await world.redis.del("tac8:scheduler");
  expect(await said("stop", "1")).toMatch(/the scheduler is not at work.*\n.*is stopped\./);
  expect(github.issue(REPO, number).labels).toEqual([LABEL]);
  world.startApp("scheduler");
  world.startApp("runner");
  await poll(30_000, async () => ((await store.read(world.jobId(number))).stop === null ? null : "not told"));
  expect(github.issue(REPO, number).labels).toEqual([]);
  expect(github.comments(REPO, number)[0]?.body).toContain("**Stopped** by a person.");
  expect(await world.agentStarts()).toEqual([]);
  expect(await store.read(world.jobId(number))).toMatchObject({ state: "stopped" });
});

test("stopped in mid-work, then labelled again: it goes on from what is on the branch", async () => {
  world = await createWorld();
  const { github } = world;
  const script = [{ write: "first.txt", text: "1\n" }, gate("go"), { commit: "feat: all" }, { result: "Done." }];
  const number = world.openIssue({ script });
  world.startApp("scheduler");
  world.startApp("runner");
  await atWork(1);
  await poll(30_000, async () =>
    readFile(workspace(number, "first.txt")).then(
      () => null,
      () => "not there",
    ),
  );
  expect(await said("stop", "#1")).toContain("Its work is on the branch auto/gh-1");
  const [saved] = github.pushes;
  await open("go");
  expect(await said("add", "1", "--priority", "P0")).toContain("priority P0");
  await world.enters(number, "pr", 1);
  // No new branch and nothing thrown away: what the stop had pushed is still below.
  expect(github.pulls(REPO)).toMatchObject([{ head: "auto/gh-1" }]);
  expect(await github.file(REPO, "auto/gh-1", "first.txt")).toBe("1\n");
  expect(github.pushes[0]).toEqual(saved);
  expect(github.pushes.filter(({ forced }) => forced)).toEqual([]);
  expect(github.comments(REPO, number)).toHaveLength(1);
});

test("pause outlives a restart of scheduler, runner and Redis; what runs goes on", async () => {
  world = await createWorld();
  const { github, redisServer } = world;
  const script = [gate("go"), { write: "a.txt", text: "1\n" }, { commit: "feat: a" }, { result: "Done." }];
  const first = world.openIssue({ script });
  const scheduler = world.startApp("scheduler");
  const runner = world.startApp("runner");
  await atWork(1);
  await said("pause", "--reason", "the disk is being changed");
  const second = world.openIssue({ script });
  await queued(second);
  await open("go");
  await world.reaches(first, "pr");
  await Promise.all([scheduler.stop(), runner.stop()]);
  await redisServer.stop();
  const again = await startRedisServer({ dir: join(world.dir, "redis"), port: Number(new URL(redisServer.url).port) });
  try {
    world.startApp("scheduler");
    await world.startApp("runner").says("runner ready");
    const asked = () => github.requests.filter(({ path }) => path.endsWith("/issues")).length;
    const before = asked();
    await poll(30_000, async () => (asked() >= before + 3 ? null : "the scheduler has not polled"));
    expect(await world.store.read(world.jobId(second))).toMatchObject({ state: "queued" });
    expect(await world.queue.isPaused()).toBe(true);
    expect(await said("status")).toMatch(/operator, until it is resumed: the disk is being changed/);
    expect(await said("pause")).toMatch(/paused before, by ann@\S+ at \d\d:\d\d \(the disk is being changed\)/);
    expect(await said("resume")).toBe("Resumed.\n");
    await world.reaches(second, "pr");
  } finally {
    await world.redis.quit();
    await again.stop();
  }
});

test("one of two runners paused, by command and by SIGUSR1, through a restart: the other takes all", async () => {
  world = await createWorld({ config: { coordinator: { max_concurrent_workers: 1 } } });
  const { github, redis } = world;
  const script = [{ write: "a.txt", text: "1\n" }, { commit: "feat: a" }, { result: "Done." }];
  world.startApp("scheduler");
  const first = world.startApp("runner");
  await first.says("runner ready");
  const second = world.startApp("runner");
  await second.says("runner ready");
  const names = Object.keys(await redis.hgetall("tac8:runners")).toSorted();
  expect(names).toHaveLength(2);
  const [one = "", two = ""] = names;
  const presence = async (name: string) => JSON.parse((await redis.hget("tac8:runners", name)) ?? "{}") as object;

  expect(await said("pause", "--runner", one, "--reason", "an upgrade")).toContain(`${one} is paused`);
  await first.says("this runner is paused");
  const ref = () => world.openIssue({ script });
  const runnersOf = async (number: number) =>
    (await world.history(number)).filter(({ to }) => to === "running").map(({ by }) => by);
  for (const number of [ref(), ref(), ref()]) {
    await world.reaches(number, "pr");
    expect(await runnersOf(number)).toEqual([`runner ${two}`]);
  }
  await poll(15_000, async () => ("paused" in (await presence(one)) ? null : "it does not say so"));
  expect(await presence(one)).toMatchObject({ paused: { by: expect.stringMatching(/^ann@/), reason: "an upgrade" } });

  await first.stop();
  const restarted = world.startApp("runner");
  await restarted.says("this runner is paused");
  await restarted.says("runner ready");
  // The other is paused by a signal: nobody is left, and the issue waits.
  second.child.kill("SIGUSR1");
  await second.says("this runner is paused");
  const last = ref();
  await queued(last);
  expect(await said("resume")).toContain(`Runner ${two} is paused by SIGUSR1`);
  restarted.child.kill("SIGUSR1");
  await restarted.says("this runner is no longer paused");
  await world.reaches(last, "pr");
  expect(await runnersOf(last)).toEqual([`runner ${one}`]);
  expect(await said("resume", "--runner", two)).toBe(`${two} takes work again.\n`);
  await second.says("this runner is no longer paused");
  const notes = (await world.redis.xrange("tac8:events", "-", "+")).map(([, fields]) => fields.join(" "));
  expect(notes.filter((text) => text.includes('"pause":"begun"'))).toHaveLength(2);
  expect(notes.filter((text) => text.includes('"pause":"ended"'))).toHaveLength(2);

  expect(restarted.log() + second.log()).not.toContain("Debugger listening");
  expect(github.pulls(REPO)).toHaveLength(4);
});

test("SIGUSR1 to an app that is no runner: it says so, lives on, and opens no debugger's port", async () => {
  world = await createWorld();
  const board = world.startApp("board");
  await board.says("board at");
  const scheduler = world.startApp("scheduler");
  await scheduler.says("scheduler ready");
  for (const app of [board, scheduler]) {
    app.child.kill("SIGUSR1");
    await app.says("SIGUSR1 pauses and resumes a runner");
    expect(app.log()).not.toContain("Debugger listening");
    expect(await app.stop()).toBe(0);
  }
});
