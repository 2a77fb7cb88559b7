import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Job } from "bullmq";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isAlive } from "./processes.ts";
import * as command from "./tac8.ts";
import { createWorld, LABEL, OWNER, poll, REPO, type App, type World } from "./world.ts";

let world: World;
let scheduler: App;
let runner: App;
beforeAll(async () => {
  world = await createWorld();
  scheduler = world.startApp("scheduler");
  runner = world.startApp("runner");
});
afterAll(() => world.close());

const outputOf = (...args: string[]) => command.outputOf(world, ...args);
const workspace = (number: number, name: string) =>
  join(world.dataFolder, `workspaces/octo/widgets/trees/gh-${number}`, name);
const queued = (number: number) =>
  poll(120_000, async () => ((await world.queue.getJob(world.jobId(number))) === undefined ? "not queued" : null));
const pullsOf = (number: number) =>
  world.github.pulls(REPO).filter(({ head }) => new RegExp(`^auto/gh-${number}(-\\d+)?$`).test(head));

test("an agent that is stopped by tac8 stop, by --now or by a file is dead, its work is on the branch, and the issue says so; the label continues from there", async () => {
  const { github, store } = world;
  const script = [
    { write: "first.txt", text: "1\n" },
    world.gate("stopped"),
    { commit: "feat: all" },
    { result: "Done." },
  ];
  const atWork = async () => {
    const number = world.openIssue({ script });
    await poll(120_000, async () => (existsSync(workspace(number, "first.txt")) ? null : "no agent at work"));
    return number;
  };
  const stops = [
    [["stop", "--reason", "wrong issue"], /is interrupting the agent/],
    [["stop", "--now", "--reason", "wrong issue"], /is killing the agent/],
  ] as const;
  const numbers: number[] = [];
  for (const [[stop, ...flags], words] of stops) {
    const number = await atWork();
    const pid = Number((await world.agentStarts(number))[0]?.["pid"]);
    expect(isAlive(pid)).toBe(true);
    const before = runner.log().length;
    const text = await outputOf(stop, `#${number}`, ...flags);
    expect(isAlive(pid)).toBe(false);
    expect(text).toMatch(words);
    expect(text).toMatch(new RegExp(`its work is on the branch auto/gh-${number} \\([0-9a-f]{7}\\)`));
    expect(text).toContain(`octo/widgets#${number} is stopped. Its work is on the branch auto/gh-${number}.`);
    expect((await store.read(world.jobId(number))).end.reason).toMatch(/stopped by ann@\S+: wrong issue/);
    const ladder = runner
      .log()
      .slice(before)
      .match(/"graceMs":(\d+)/)?.[1];
    expect(ladder === "0").toBe(flags[0] === "--now");
    numbers.push(number);
  }
  const byFile = await atWork();
  await writeFile(workspace(byFile, "STOP"), "");
  await world.waitForState(byFile, "stopped");
  expect((await store.read(world.jobId(byFile))).end.reason).toBe("there was a file STOP in the workspace");
  expect(await github.file(REPO, `auto/gh-${byFile}`, "STOP")).toBeUndefined();
  numbers.push(byFile);

  for (const number of numbers) {
    expect(await github.file(REPO, `auto/gh-${number}`, "first.txt")).toBe("1\n");
    const [comment, ...more] = github.comments(REPO, number);
    expect(more).toEqual([]);
    expect(comment?.body).toContain("**Stopped** by an operator.");
    expect(comment?.body).toContain(`To try again, add the label \`${LABEL}\` again.`);
    expect(github.issue(REPO, number).labels).toEqual([]);
    expect(await store.read(world.jobId(number))).toMatchObject({
      state: "stopped",
      command: { stop: null, stopMode: null },
    });
    // The workspace is kept, and was saved rather than discarded.
    expect(await readFile(workspace(number, "first.txt"), "utf8")).toBe("1\n");
    expect(pullsOf(number)).toEqual([]);
    expect(await world.agentStarts(number)).toHaveLength(1);
  }

  const [again = 0] = numbers;
  const pushesOf = () => github.pushes.filter(({ ref }) => ref === `refs/heads/auto/gh-${again}`);
  const [saved] = pushesOf();
  await world.openGate("stopped");
  expect(await outputOf("add", `${again}`, "--priority", "P0")).toContain("priority P0");
  await world.waitForNthState(again, "pr", 1);
  // No new branch and nothing discarded: what the stop had pushed is still below.
  expect(pullsOf(again)).toMatchObject([{ head: `auto/gh-${again}` }]);
  expect(await github.file(REPO, `auto/gh-${again}`, "first.txt")).toBe("1\n");
  expect(pushesOf()[0]).toEqual(saved);
  expect(pushesOf().filter(({ forced }) => forced)).toEqual([]);
  expect(github.comments(REPO, again)).toHaveLength(1);
});

test("an issue that waits is stopped at once, even if the queue is held and no runner or scheduler is running; the label starts it again", async () => {
  const { github, store, queue } = world;
  const script = [world.gate("waited"), { write: "a.txt", text: "1\n" }, { commit: "feat: a" }, { result: "Done." }];
  const blocked = world.openIssue({ script: [{ write: "BLOCKED.md", text: "Which?\n" }, { result: "Stuck." }] });
  await world.waitForState(blocked, "blocked");
  await poll(120_000, async () => ((await queue.getDelayedCount()) === 1 ? null : "the job does not wait"));
  await runner.stop();
  expect(await outputOf("pause", "--reason", "lunch")).toContain("no new agents start");
  const waiting = world.openIssue({ script });
  const parked = world.openIssue({ script });
  for (const number of [waiting, parked]) await queued(number);
  const job = await Job.fromId(queue, world.jobId(parked));
  await job?.remove();
  await queue.add(job?.name ?? "", job?.data, { ...job?.opts, delay: 3_600_000 });
  await store.writeIf(world.jobId(parked), {}, { state: "parked" });

  for (const number of [blocked, waiting, parked]) {
    expect(await outputOf("stop", `${number}`)).toContain(`octo/widgets#${number} is stopped.`);
    expect(await store.read(world.jobId(number))).toMatchObject({ state: "stopped", command: { stop: null } });
    expect(await queue.getJob(world.jobId(number))).toBeUndefined();
    expect(github.issue(REPO, number).labels).toEqual([]);
    const comments = github.comments(REPO, number).map(({ body }) => body);
    expect(comments.filter((body) => /\*\*Stopped\*\* by an operator\.[\s\S]*stopped by ann@/.test(body))).toHaveLength(
      1,
    );
  }
  expect(await outputOf("stop", `${waiting}`)).toContain("nothing to stop");

  // A stop while no scheduler is running ends the work; the scheduler reports it later.
  const unreported = world.openIssue({ script });
  await queued(unreported);
  await scheduler.stop();
  await world.redis.del("tac8:scheduler");
  expect(await outputOf("stop", `${unreported}`)).toMatch(/the scheduler is not running.*\n.*is stopped\./);
  expect(github.issue(REPO, unreported).labels).toEqual([LABEL]);
  scheduler = world.startApp("scheduler");
  await poll(120_000, async () =>
    (await store.read(world.jobId(unreported))).command.stop === null ? null : "not reported",
  );
  expect(github.issue(REPO, unreported).labels).toEqual([]);
  expect(github.comments(REPO, unreported)[0]?.body).toContain("**Stopped** by an operator.");

  expect(await outputOf("resume")).toBe("Resumed.\n");
  github.addLabel({ repo: REPO, number: waiting, actor: OWNER, label: LABEL });
  expect(await outputOf("add", `${parked}`)).toMatch(
    /is labelled: rpi-auto, priority P2\. The scheduler queues it within 1 s, but no runner/,
  );
  await world.openGate("waited");
  runner = world.startApp("runner");
  for (const number of [waiting, parked]) {
    await world.waitForNthState(number, "pr", 1);
    expect(github.comments(REPO, number)).toHaveLength(1);
  }
  for (const number of [blocked, unreported]) {
    expect(await store.read(world.jobId(number))).toMatchObject({ state: "stopped" });
  }
  expect(await world.agentStarts(unreported)).toEqual([]);
});
