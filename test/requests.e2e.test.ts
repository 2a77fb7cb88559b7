import { wakeJobsOfEndedHolds } from "@tac8/core/queue/wake";
import { readHolds } from "@tac8/core/state/holds";
import { endHold } from "@tac8/core/state/pause";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runnerIsIdle } from "./idle.ts";
import { expectOnce, pullsOf } from "./once.ts";
import { createWorld, poll, REPO, type App, type World } from "./world.ts";

const WORK = [{ append: "work.txt", text: "work\n" }, { commit: "feat: work" }, { result: "Worked." }];

let world: World;
let scheduler: App;
beforeAll(async () => {
  world = await createWorld();
  scheduler = world.startApp("scheduler");
  world.startApp("runner");
  // The first issue's run makes the mirror and the labels, and asks what is remembered for the next ones.
  await world.waitForState(world.openIssue({ script: WORK }), "pr");
  await runnerIsIdle(world);
});
afterAll(() => world.close());

/** Every poll asks for them, and a run for the first of them once a minute. */
const OF_POLLS = /^GET \/repos\/[^/]+\/[^/]+(\/issues)?$/;

test("one issue costs 13 requests to GitHub's API that count against its rate limit, and 5 requests of git", async () => {
  const { github } = world;
  const before = github.requests.length;
  const number = world.openIssue({ script: [world.gate("go"), ...WORK] });
  await poll(120_000, async () => ((await world.agentStarts(number)).length === 1 ? null : "no agent yet"));
  await scheduler.stop(); // It reads the issue while its label is off and its job is there: how often depends on the moment.
  await world.openGate("go");
  await world.waitForState(number, "pr");

  const seen = github.requests.slice(before).map(({ notModified, status, method, path }) => ({
    notModified,
    status,
    name: `${method} ${path
      .replace(`/repos/${REPO}`, "")
      .replace(String(number), "N")
      .replace(/comments\/\d+/, "comments/ID")}`,
    full: `${method} ${path}`,
  }));
  const isGit = ({ name }: (typeof seen)[number]) => /\.git\//.test(name);
  const counted = seen.filter((entry) => !isGit(entry) && !entry.notModified && !OF_POLLS.test(entry.full));
  const names = counted.map(({ name }) => name);
  // The pull requests of the branch are read while the comment and the label are written.
  const beside = ["GET /pulls", "POST /issues/N/comments", "POST /issues/N/labels"];
  expect(names.slice(3, 6).toSorted()).toEqual(beside);
  expect(names.toSpliced(3, 3)).toEqual([
    "GET /issues/N",
    "GET /issues/N/events",
    "POST /graphql",
    "GET /issues/N",
    "POST /pulls",
    "GET /issues/N/events",
    "PATCH /issues/comments/ID",
    "DELETE /issues/N/labels/rpi-working",
    "POST /issues/N/labels",
    "DELETE /issues/N/labels/rpi-auto",
  ]);
  // The branch's pull requests before and after the push, and whether there are rulesets.
  expect(seen.filter(({ notModified, full }) => notModified && !OF_POLLS.test(full)).map(({ name }) => name)).toEqual(
    expect.arrayContaining(["GET /rulesets", "GET /pulls", "GET /pulls"]),
  );
  // Git sends the token when it is asked for it: before each of its two commands, one request is answered 401.
  const git = seen.filter((entry) => isGit(entry) && entry.status !== 401);
  expect(git.map(({ name }) => name.slice(name.lastIndexOf("/") + 1))).toEqual([
    "refs",
    "git-upload-pack",
    "git-upload-pack", // The commits of the issue before.
    "refs",
    "git-receive-pack",
  ]);
});

test("a repository that is renamed while the agent works holds the finished work, which is published later", async () => {
  const { github, redis, queue } = world;
  const HOLD = `repo:${REPO}`;
  scheduler = world.startApp("scheduler");
  const number = world.openIssue({ script: [world.gate("renamed"), ...WORK] });
  await poll(120_000, async () => ((await world.agentStarts(number)).length === 1 ? null : "no agent yet"));
  github.renameRepository(REPO, "gizmos");
  await world.openGate("renamed");
  await poll(120_000, async () => {
    const hold = (await readHolds(redis)).find(({ name }) => name === HOLD);
    return hold?.reason.includes("is now octo/gizmos") === true ? null : `held: ${hold?.reason ?? "no"}`;
  });
  github.renameRepository("octo/gizmos", "widgets");
  await endHold(redis, { name: HOLD, by: "a test", now: Date.now() });
  await wakeJobsOfEndedHolds({ redis, queue, now: Date.now() });
  await world.waitForState(number, "pr");
  await expectOnce(world, number);
});

test("a default branch that is renamed while the agent works: the pull request targets its new name", async () => {
  const { github } = world;
  const number = world.openIssue({ script: [world.gate("branch"), ...WORK] });
  await poll(120_000, async () => ((await world.agentStarts(number)).length === 1 ? null : "no agent yet"));
  await github.renameDefaultBranch(REPO, "trunk");
  await world.openGate("branch");
  await world.waitForState(number, "pr");
  await expectOnce(world, number);
  expect(pullsOf(world, number).map(({ base }) => base)).toEqual(["trunk"]);
});

test("a default branch that is renamed while another issue starts: both pull requests target its new name", async () => {
  const { github } = world;
  const first = world.openIssue({ script: [world.gate("first"), ...WORK] });
  await poll(120_000, async () => ((await world.agentStarts(first)).length === 1 ? null : "no agent yet"));
  await github.renameDefaultBranch(REPO, "stem");
  // Its run may know the repository as it was a moment ago, and takes the old name out of the mirror.
  const second = world.openIssue({ script: WORK });
  await world.waitForState(second, "pr");
  await world.openGate("first");
  await world.waitForState(first, "pr");
  for (const number of [first, second]) {
    await expectOnce(world, number);
    expect(pullsOf(world, number).map(({ base }) => base)).toEqual(["stem"]);
    const states = (await world.history(number)).map(({ to }) => to);
    expect(states, "the same run publishes to the new name").toEqual(["queued", "running", "agent", "pr"]);
  }
});

test("a repository that is archived while the agent works holds the finished work", async () => {
  const { github, redis } = world;
  const number = world.openIssue({ script: [world.gate("archived"), ...WORK] });
  await poll(120_000, async () => ((await world.agentStarts(number)).length === 1 ? null : "no agent yet"));
  github.archiveRepository(REPO);
  await world.openGate("archived");
  await poll(120_000, async () => {
    const hold = (await readHolds(redis)).find(({ name }) => name === `repo:${REPO}`);
    return hold?.reason.includes("archived") === true ? null : `held: ${hold?.reason ?? "no"}`;
  });
  expect(await world.agentStarts(number)).toHaveLength(1);
});
