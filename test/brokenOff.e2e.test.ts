import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, expect, test } from "vitest";
import { createWorld, LABEL, OWNER, poll, REPO, type App, type World } from "./world.ts";

let world: World;
let runner: App;
afterEach(async () => {
  await world.close();
});

const BRANCH = "auto/gh-1";
const commit = (nth: number) => `echo ${nth} > ${nth}.txt; git add -A; git commit -qm 'feat: ${nth}'`;

/** On the branch as GitHub has it, the newest first. */
async function subjects(): Promise<string[]> {
  const args = ["log", "--format=%s", `main..${BRANCH}`];
  const { stdout } = await execa("git", args, { cwd: join(world.dir, "github", `${REPO}.git`) });
  return stdout.split("\n");
}

/**
 * A first round with three commits and a pull request; then a second one, whose agent is broken off by a SIGTERM of its
 * runner while it waits in `second`, and another time does `third`. `wait` is a shell command.
 */
async function brokenOff(second: (wait: string) => string, third: string): Promise<void> {
  world = await createWorld({ config: { coordinator: { shutdown_grace_seconds: 30 } } });
  const file = (name: string) => join(world.dir, name);
  const wait = `touch '${file("waits")}'; until [ -e '${file("go")}' ]; do sleep 0.05; done`;
  const first = [1, 2, 3].map(commit).join("; ");
  const round = `if [ -e '${file("waits")}' ]; then ${third}; elif [ -e 3.txt ]; then ${second(wait)}; else ${first}; fi`;
  world.openIssue({ script: [{ bash: round }, { result: "Done." }] });
  world.startApp("scheduler");
  runner = world.startApp("runner");
  await world.reaches(1, "pr");
  world.github.addLabel({ repo: REPO, number: 1, actor: OWNER, label: LABEL });
  await poll(60_000, async () => (existsSync(file("waits")) ? null : "no agent waits"));
  await runner.stop("SIGTERM");
  await writeFile(file("go"), "");
}

test.each([
  ["looks at an older commit", (wait: string) => `${commit(4)}; git checkout -q HEAD~2; ${wait}`],
  ["rebases", (wait: string) => `${commit(4)}; git rebase -q -x "bash -c \\"${wait}\\"" HEAD~4`],
])(
  "an agent that is broken off while it %s: nothing leaves the branch, and all of its work is there",
  async (_what, second) => {
    await brokenOff(second, commit(5));
    expect(await subjects()).toEqual(["feat: 4", "feat: 3", "feat: 2", "feat: 1"]);
    world.startApp("runner", { TAC8_HOME: join(world.dir, "elsewhere") });
    await world.enters(1, "pr", 2);
    expect(await subjects()).toEqual(["feat: 5", "feat: 4", "feat: 3", "feat: 2", "feat: 1"]);
    expect(world.github.pushes.filter(({ forced }) => forced)).toEqual([]);
  },
);

test("an agent that is broken off while it makes its commits anew: the branch stays until it has finished", async () => {
  const anew = (wait: string) => `git reset -q --hard HEAD~3; ${commit(4)}; ${wait}`;
  await brokenOff(anew, commit(5));
  expect(runner.log()).toContain("the agent was rewriting what is on the branch");
  expect(await subjects()).toEqual(["feat: 3", "feat: 2", "feat: 1"]);
  world.startApp("runner");
  await world.enters(1, "pr", 2);
  expect((await world.agentStarts()).map((start) => start["resumed"])).toEqual([false, false, true]);
  expect(await subjects()).toEqual(["feat: 5", "feat: 4"]);
});
