import { randomUUID } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createWorld, LABEL, OWNER, poll, REPO, type App, type World } from "./world.ts";

let world: World;
let runner: App;
beforeAll(async () => {
  world = await createWorld({ config: { coordinator: { shutdown_grace_seconds: 30 } } });
  world.startApp("scheduler");
});
beforeEach(() => {
  runner = world.startApp("runner");
});
afterEach(() => runner.stop());
afterAll(() => world.close());

const commit = (name: string | number) => `echo ${name} > ${name}.txt; git add -A; git commit -qm 'feat: ${name}'`;
const branchOf = (number: number) => `auto/gh-${number}`;
const resumed = async (number: number) => (await world.agentStarts(number)).map((start) => start["resumed"]);

/** On the branch as GitHub has it, the newest first. */
async function subjects(number: number): Promise<string[]> {
  const args = ["log", "--format=%s", `main..${branchOf(number)}`];
  const { stdout } = await execa("git", args, { cwd: join(world.dir, "github", `${REPO}.git`) });
  return stdout.split("\n");
}

/** Shell commands that wait until the test continues, and a way to see that an agent does. */
function stop() {
  const name = randomUUID();
  const waits = join(world.dir, `${name}.waits`);
  return {
    wait: `touch '${waits}'; ${world.gate(name).bash}`,
    reached: `[ -e '${waits}' ]`,
    isReached: () => poll(120_000, async () => (existsSync(waits) ? null : "no agent waits")),
    pass: () => world.openGate(name),
  };
}

/**
 * Issues whose first round has made three commits and a pull request. The agent of the second round waits in `second`,
 * and is broken off there by a SIGTERM of its runner; another one then does `third`. @returns the issues' numbers
 */
async function brokenOff(seconds: readonly ((wait: string) => string)[], third: string): Promise<number[]> {
  const first = [1, 2, 3].map(commit).join("; ");
  const issues = seconds.map((second) => {
    const { wait, reached, isReached, pass } = stop();
    const round = `if ${reached}; then ${third}; elif [ -e 3.txt ]; then ${second(wait)}; else ${first}; fi`;
    return { number: world.openIssue({ script: [{ bash: round }, { result: "Done." }] }), isReached, pass };
  });
  for (const { number } of issues) {
    await world.waitForState(number, "pr");
    world.github.addLabel({ repo: REPO, number, actor: OWNER, label: LABEL });
  }
  for (const { isReached } of issues) await isReached();
  await runner.stop("SIGTERM");
  for (const { pass } of issues) await pass();
  return issues.map(({ number }) => number);
}

test("agents that are killed while they check out an older commit, or rebase: the branch loses nothing, and has all of their work", async () => {
  const checksOutOlder = (wait: string) => `${commit(4)}; git checkout -q HEAD~2; ${wait}`;
  const rebases = (wait: string) => `${commit(4)}; git rebase -q -x "bash -c \\"${wait}\\"" HEAD~4`;
  const numbers = await brokenOff([checksOutOlder, rebases], commit(5));
  for (const number of numbers) {
    expect(await subjects(number)).toEqual(["feat: 4", "feat: 3", "feat: 2", "feat: 1"]);
  }
  runner = world.startApp("runner", { TAC8_HOME: join(world.dir, "elsewhere") });
  for (const number of numbers) {
    await world.waitForNthState(number, "pr", 2);
    expect(await subjects(number)).toEqual(["feat: 5", "feat: 4", "feat: 3", "feat: 2", "feat: 1"]);
    // On a disk of its own a runner continues from the branch: by a new session, in the same attempt.
    expect(await resumed(number)).toEqual([false, false, false]);
    expect(String((await world.agentStarts(number)).at(-1)?.["cwd"])).toContain("elsewhere");
    const begun = (await world.history(number)).filter(({ to }) => to === "running");
    expect(begun.map(({ evidence }) => evidence["attempt"])).toEqual([1, 1, 1]);
  }
  expect(world.github.pushes.filter(({ forced }) => forced)).toEqual([]);
});

test("an agent that is killed while it rewrites its commits: the branch stays as it is until the agent has finished", async () => {
  const restarts = (wait: string) => `git reset -q --hard HEAD~3; ${commit(4)}; ${wait}`;
  const [number = 0] = await brokenOff([restarts], commit(5));
  expect(runner.log()).toContain("the agent was rewriting published commits");
  expect(await subjects(number)).toEqual(["feat: 3", "feat: 2", "feat: 1"]);
  runner = world.startApp("runner");
  await world.waitForNthState(number, "pr", 2);
  expect(await resumed(number)).toEqual([false, false, true]);
  expect(await subjects(number)).toEqual(["feat: 5", "feat: 4"]);
});

test("another contributor pushes to the branch of a lost runner: its session is resumed on top of their commit; after a conflict, the agent restarts, and its earlier work is quarantined", async () => {
  const issues = [0, 1].map(() => {
    const { wait, isReached, pass } = stop();
    const work = `n=$(ls work* 2>/dev/null | wc -l); echo "$n" > work$n.txt; git add -A; git commit -qm 'feat: work'`;
    return { number: world.openIssue({ script: [{ bash: work }, { bash: wait }] }), isReached, pass };
  });
  const [clean = 0, conflict = 0] = issues.map(({ number }) => number);
  for (const { isReached } of issues) await isReached();
  await runner.stop("SIGKILL");
  const push = (number: number, files: Readonly<Record<string, string>>) =>
    world.github.commitTo({ repo: REPO, branch: branchOf(number), files, author: OWNER });
  await push(clean, { "theirs.txt": "theirs\n" });
  await push(conflict, { "work0.txt": "theirs\n" });
  for (const { pass } of issues) await pass();
  runner = world.startApp("runner");

  const read = (number: number, ...paths: string[]) =>
    Promise.all(paths.map((path) => world.github.file(REPO, branchOf(number), path)));
  await world.waitForState(clean, "pr");
  expect(await resumed(clean)).toEqual([false, true]);
  expect(await read(clean, "work0.txt", "work1.txt", "theirs.txt")).toEqual(["0\n", undefined, "theirs\n"]);
  const pulls = world.github.pulls(REPO).filter(({ head }) => head.startsWith(branchOf(clean)));
  expect(pulls).toMatchObject([{ head: branchOf(clean), state: "open" }]);

  await world.waitForState(conflict, "pr");
  expect(await resumed(conflict)).toEqual([false, false]);
  expect(await read(conflict, "work0.txt", "work1.txt")).toEqual(["theirs\n", "1\n"]);
  const trees = readdirSync(join(world.dataFolder, "workspaces", REPO, "trees"));
  expect(trees.filter((name) => name.startsWith(`gh-${conflict}.kept-`))).toHaveLength(1);
});
