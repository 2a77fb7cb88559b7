import { hostname } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readRunners } from "@tac8/core/state/presence";
import * as command from "./tac8.ts";
import { createWorld, poll, REPO, type App, type World } from "./world.ts";

let world: World;
let scheduler: App;
let runner: App;
beforeAll(async () => {
  world = await createWorld({ config: { coordinator: { max_concurrent_workers: 1 } } });
  scheduler = world.startApp("scheduler");
  runner = world.startApp("runner");
});
afterAll(() => world.close());

const outputOf = (...args: string[]) => command.outputOf(world, ...args);
const queued = (number: number) =>
  poll(120_000, async () => ((await world.queue.getJob(world.jobId(number))) === undefined ? "not queued" : null));

test("two machines with one host name, one of them paused by command and by SIGUSR1, across a restart: the other one processes every job", async () => {
  const { github, redis } = world;
  const script = [{ write: "a.txt", text: "1\n" }, { commit: "feat: a" }, { result: "Done." }];
  const first = runner;
  await first.waitForLog("runner ready");
  const second = world.startApp("runner", { TAC8_HOME: join(world.base, "other-home") });
  await second.waitForLog("a runner on another machine has the name");
  await second.waitForLog("runner ready");
  const one = `${hostname()}/0`;
  const presence = async (name: string) => (await readRunners(redis)).find((runner) => runner.name === name) ?? {};
  const [two = "", ...more] = (await readRunners(redis)).map(({ name }) => name).filter((name) => name !== one);
  expect([two, more]).toEqual([expect.stringMatching(/-[0-9a-f]{4}\/0$/), []]);

  expect(await outputOf("pause", "--runner", one, "--reason", "an upgrade")).toContain(`${one} is paused`);
  await first.waitForLog("runner paused");
  const ref = () => world.openIssue({ script });
  const runnersOf = async (number: number) =>
    (await world.history(number)).filter(({ to }) => to === "running").map(({ by }) => by);
  for (const number of [ref(), ref()]) {
    await world.waitForState(number, "pr");
    expect(await runnersOf(number)).toEqual([`runner ${two}`]);
  }
  await poll(120_000, async () => ("paused" in (await presence(one)) ? null : "it does not say so"));
  expect(await presence(one)).toMatchObject({ paused: { by: expect.stringMatching(/^ann@/), reason: "an upgrade" } });

  await first.stop();
  const restarted = world.startApp("runner");
  await restarted.waitForLog("runner paused");
  await restarted.waitForLog("runner ready");
  // The other is paused by a signal: nobody is left, and the issue waits.
  second.child.kill("SIGUSR1");
  await second.waitForLog("runner paused");
  const last = ref();
  await queued(last);
  expect(await outputOf("resume")).toContain(`Runner ${two} is paused by SIGUSR1`);
  restarted.child.kill("SIGUSR1");
  await restarted.waitForLog("runner resumed");
  await world.waitForState(last, "pr");
  expect(await runnersOf(last)).toEqual([`runner ${one}`]);
  expect(await outputOf("resume", "--runner", two)).toBe(`${two} accepts new jobs again.\n`);
  await second.waitForLog("runner resumed");
  const notes = (await world.redis.xrange("tac8:events", "-", "+")).map(([, fields]) => fields.join(" "));
  expect(notes.filter((text) => text.includes('"pause":"begun"'))).toHaveLength(2);
  expect(notes.filter((text) => text.includes('"pause":"ended"'))).toHaveLength(2);

  await second.stop();
  runner = restarted;

  expect(restarted.log() + second.log()).not.toContain("Debugger listening");
  expect(github.pulls(REPO)).toHaveLength(3);
});

test("a pause survives a restart of scheduler, runner and Redis; running agents continue", async () => {
  const { github } = world;
  const script = [world.gate("go"), { write: "a.txt", text: "1\n" }, { commit: "feat: a" }, { result: "Done." }];
  const first = world.openIssue({ script });
  await poll(120_000, async () => ((await world.agentStarts(first)).length === 1 ? null : "no agent"));
  await outputOf("pause", "--reason", "the disk is being changed");
  const second = world.openIssue({ script });
  await queued(second);
  await world.openGate("go");
  await world.waitForState(first, "pr");
  await Promise.all([scheduler.stop(), runner.stop()]);
  await world.stopRedis();
  await world.startRedis();
  scheduler = world.startApp("scheduler");
  runner = world.startApp("runner");
  await runner.waitForLog("runner ready");
  const asked = () => github.requests.filter(({ path }) => path.endsWith("/issues")).length;
  const before = asked();
  await poll(120_000, async () => (asked() >= before + 3 ? null : "the scheduler has not polled"));
  expect(await world.store.read(world.jobId(second))).toMatchObject({ state: "queued" });
  expect(await world.queue.isPaused()).toBe(true);
  expect(await outputOf("status")).toMatch(/operator, until it is resumed: the disk is being changed/);
  expect(await outputOf("pause")).toMatch(/Already paused by ann@\S+ since \d\d:\d\d \(the disk is being changed\)/);
  expect(await outputOf("resume")).toBe("Resumed.\n");
  await world.waitForState(second, "pr");
});

test("SIGUSR1 to an app that is no runner: it logs that, keeps running, and opens no debugger port", async () => {
  const board = world.startApp("board");
  await board.waitForLog("board at");
  await scheduler.waitForLog("scheduler ready");
  for (const app of [board, scheduler]) {
    app.child.kill("SIGUSR1");
    await app.waitForLog("ignoring SIGUSR1");
    expect(app.log()).not.toContain("Debugger listening");
    expect(await app.stop()).toBe(0);
  }
});
