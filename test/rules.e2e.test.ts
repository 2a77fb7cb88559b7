import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { readEvents } from "@tac8/core/state/events";
import { readHolds, setHold } from "@tac8/core/state/holds";
import { expectOnce, pullsOf } from "./once.ts";
import { createWorld, OWNER, poll, REPO, type App, type World } from "./world.ts";

const WORK = [{ append: "work.txt", text: "work\n" }, { commit: "feat: work" }, { result: "Worked." }];
const BOT = "tac8[bot]";
const HOLD = `repo:${REPO}`;
const RULES = { exclude: ["refs/heads/users/**"], rules: [{ type: "creation" }] };

let world: World;
let runner: App;
let token: string;
beforeAll(async () => {
  world = await createWorld({
    config: {
      coordinator: { max_concurrent_workers: 1, poll_interval_seconds: 1, backoff_factor: 0.001 },
      github: { repo_owner: OWNER, repo_name: "widgets", write_interval_ms: 0, draft: true },
    },
  });
  world.github.addUser({ login: BOT });
  world.github.setPermission(REPO, BOT, "write");
  token = world.github.addToken({ login: BOT, app: true });
  world.startApp("scheduler", { GITHUB_TOKEN: token });
  runner = world.startApp("runner", { GITHUB_TOKEN: token });
});
afterAll(() => world.close());

/** As for a server that does not report of its rules: only a push finds them out. */
const hideRules = () => world.github.fault({ path: /\/rules\/branches\//, times: 1000, do: { status: 403 } });
/** Reason of the issue's first wait. The record's own reason goes when a next run begins. */
const parkedBecause = async (number: number) => (await world.history(number)).find(({ to }) => to === "parked")?.reason;
const isHeld = async () => (await readHolds(world.redis)).some(({ name }) => name === HOLD);
const holdEvents = async (kind: "hold" | "unhold") =>
  (await readEvents(world.redis, { count: 1000 })).filter(
    ({ to, evidence }) => to === kind && evidence?.["name"] === HOLD,
  );
const starts = async (...numbers: number[]) =>
  Promise.all(numbers.map(async (number) => (await world.agentStarts(number)).length));

fieldTest("C5", "an app's token works: one pull request and one comment, both its own", async () => {
  world.github.setDrafts(REPO, false);
  const number = world.openIssue({ script: WORK });
  await world.waitForState(number, "pr");
  await expectOnce(world, number);
  expect(world.github.comments(REPO, number).map(({ author }) => author)).toEqual([BOT]);
  expect(pullsOf(world, number)).toMatchObject([{ author: BOT }]);
});

fieldTest("C3", "if the plan has no drafts, a normal pull request is opened, and the log says so", async () => {
  expect(world.github.pulls(REPO)).toMatchObject([{ draft: false }]);
  expect(runner.log()).toContain("no draft pull requests");
});

fieldTest("C2", "a rule on branches: one paid run, a hold, and no other run after the rule is removed", async () => {
  const { github } = world;
  await github.addRuleset(REPO, RULES);
  const unread = hideRules();
  const numbers = [1, 2, 3].map(() => world.openIssue({ script: WORK }));
  const [first = 0, second = 0, third = 0] = numbers;
  await poll(120_000, async () => ((await isHeld()) ? null : "the repository is not held"));
  // Tried again several times, without an agent.
  await world.waitForNthState(first, "parked", 3);
  expect(await starts(first, second, third)).toEqual([1, 0, 0]);
  expect(await parkedBecause(first)).toMatch(/creations being restricted.*Set github\.branch/);
  expect(Object.keys(github.branches(REPO)).filter((name) => name.includes(`gh-${first}`))).toEqual([]);
  // Longer than the test, so that only the published work can end it.
  const until = Date.now() + 3_600_000;
  await setHold(world.redis, { name: HOLD, reason: "a rule", by: "a test", since: Date.now(), until });
  await github.clearRulesets(REPO);
  unread.remove();
  for (const number of numbers) await world.waitForState(number, "pr");
  expect(await starts(first, second, third)).toEqual([1, 1, 1]);
  for (const number of numbers) await expectOnce(world, number);
  expect(await isHeld()).toBe(false);
  expect((await holdEvents("unhold")).at(-1)?.reason).toBe(`finished work of ${REPO}#${first} was published`);
});

fieldTest("C2", "a rule that can be read: the repository is held before an agent is paid", async () => {
  const { github } = world;
  const before = (await holdEvents("hold")).length;
  await github.addRuleset(REPO, RULES);
  const number = world.openIssue({ script: WORK });
  await world.waitForNthState(number, "parked", 1);
  expect((await holdEvents("hold")).length).toBeGreaterThan(before);
  expect(await parkedBecause(number)).toMatch(/forbids creating branches such as auto/);
  expect(await starts(number)).toEqual([0]);
  await github.clearRulesets(REPO);
  await github.addRuleset(REPO, { ...RULES, bypass: [BOT] });
  await world.waitForState(number, "pr");
  await expectOnce(world, number);
  await github.clearRulesets(REPO);
});

fieldTest("C2", "a secret in the commits affects only its issue, and the next prompt names the secret", async () => {
  const { github } = world;
  await github.guardContents(REPO, { secret: "KEY-[0-9]{4}" });
  const leak = [{ write: "key.txt", text: "KEY-1234\n" }, { commit: "feat: key" }, { result: "Worked." }];
  const fix = [
    { prompt: "prompt.txt" },
    { bash: "git rm -q -f key.txt && git add prompt.txt && git commit -q --amend -m feat" },
    { result: "Fixed." },
  ];
  const leaking = world.openIssue({ script: { first: leak, again: fix } });
  const other = world.openIssue({ script: WORK });
  await world.waitForState(leaking, "pr");
  await world.waitForState(other, "pr");
  expect(await starts(leaking, other)).toEqual([2, 1]);
  const promptFile = await github.file(REPO, `auto/gh-${leaking}`, "prompt.txt");
  expect(promptFile).toContain("Push cannot contain secrets");
  expect(promptFile).toContain("key.txt");
  expect(await isHeld()).toBe(false);
  await github.guardContents(REPO, {});
});

fieldTest("C2", "a server hook refuses one branch: its issue fails, and the others continue", async () => {
  const hook = join(world.dir, "github", `${REPO}.git`, "hooks", "pre-receive");
  const check = 'git ls-tree --name-only "$after" | grep -qx odd.txt && echo "Not like this." >&2 && exit 1';
  await writeFile(hook, `#!/bin/sh\nwhile read -r before after ref; do\n${check}\ndone\nexit 0\n`, { mode: 0o755 });
  const odd = world.openIssue({
    script: [{ write: "odd.txt", text: "odd\n" }, { commit: "feat: odd" }, { result: "Worked." }],
  });
  const other = world.openIssue({ script: WORK });
  await world.waitForState(odd, "failed");
  expect((await world.store.read(world.jobId(odd))).end.reason).toMatch(/Not like this.*refused 3 times in a row/);
  await world.waitForState(other, "pr");
  expect(await starts(odd, other)).toEqual([1, 1]);
  expect((await world.history(odd)).filter(({ to }) => to === "parked")).toHaveLength(2);
  expect(await isHeld()).toBe(false);
  await rm(hook);
});

fieldTest(
  "C2",
  "with another pattern the finished work is published without another run, and an older pull request is still used",
  async () => {
    const { github } = world;
    const before = world.openIssue({ script: WORK });
    await world.waitForState(before, "pr");
    await github.addRuleset(REPO, RULES);
    hideRules();
    const refused = world.openIssue({ script: WORK });
    await world.waitForNthState(refused, "parked", 1);
    await runner.stop();
    const path = world.configFile;
    const text = await readFile(path, "utf8");
    await writeFile(path, text.replace("[github]\n", '[github]\nbranch = "users/bot/gh-{number}"\n'));
    // An app's name that GitHub does not report: it is known from what this installation wrote before.
    github.fault({ path: "/graphql", times: 1000, do: { status: 404 } });
    runner = world.startApp("runner", { GITHUB_TOKEN: token });
    await world.waitForState(refused, "pr");
    expect(pullsOf(world, refused)).toMatchObject([{ head: `users/bot/gh-${refused}` }]);
    await expectOnce(world, refused);

    github.addLabel({ repo: REPO, number: before, actor: OWNER, label: "rpi-auto" });
    await world.waitForNthState(before, "pr", 2);
    expect(pullsOf(world, before)).toMatchObject([{ head: `auto/gh-${before}`, state: "open" }]);
    expect(await github.file(REPO, `auto/gh-${before}`, "work.txt")).toBe("work\nwork\n");
    const next = world.openIssue({ script: WORK });
    await world.waitForState(next, "pr");
    expect(pullsOf(world, next)).toMatchObject([{ head: `users/bot/gh-${next}` }]);
    expect(await starts(before, refused, next)).toEqual([2, 1, 1]);
  },
);
