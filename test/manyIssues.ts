import { join } from "node:path";
import { expect } from "vitest";
import { filesUnder } from "./filesUnder.ts";
import { agentProcesses, childrenOf } from "./processes.ts";
import { poll, REPO, type World } from "./world.ts";

/** Run `count` issues on two runners with these data folders; expect one agent run, pull request and comment for each, and no leftovers. */
export async function runManyIssues(
  world: World,
  { issues, folders }: { readonly issues: number; readonly folders: readonly [string, string] },
): Promise<void> {
  const { github, dir, witness } = world;
  const numbers = Array.from({ length: issues }, (_, index) => {
    const file = `file-${index + 1}.txt`;
    const script = [{ write: file, text: `${index + 1}\n` }, { commit: `feat: ${file}` }, { result: "Done." }];
    return world.openIssue({ title: `Issue ${index + 1}`, script });
  });
  const homes = folders.map((folder) => join(dir, folder));
  const runners = homes.map((home) => world.startApp("runner", { TAC8_HOME: home }));
  for (const runner of runners) await runner.waitForLog("runner ready");
  world.startApp("scheduler");
  for (const number of numbers) await world.waitForState(number, "pr");
  for (const runner of runners) expect(runner.log()).toContain("agent started");

  // The agents and GitHub count, because they are not part of tac8.
  const starts = await world.agentStarts();
  expect(starts).toHaveLength(issues);
  expect(new Set(starts.map(({ cwd }) => cwd)).size).toBe(issues);
  const branches = numbers.map((number) => `auto/gh-${number}`).toSorted();
  expect(Object.keys(github.branches(REPO)).toSorted()).toEqual([...branches, "main"]);
  expect(github.pushes.map(({ ref }) => ref).toSorted()).toEqual(branches.map((branch) => `refs/heads/${branch}`));
  expect(
    github
      .pulls(REPO)
      .map(({ head }) => head)
      .toSorted(),
  ).toEqual(branches);
  const posts = (path: RegExp) =>
    github.requests.filter((entry) => entry.method === "POST" && entry.status < 300 && path.test(entry.path));
  expect(posts(/\/pulls$/)).toHaveLength(issues);
  expect(posts(/\/comments$/)).toHaveLength(issues);
  for (const number of numbers) {
    expect(github.comments(REPO, number)).toHaveLength(1);
    expect(github.issue(REPO, number).labels).toEqual(["rpi-done"]);
    expect(await github.file(REPO, `auto/gh-${number}`, `file-${number}.txt`)).toBe(`${number}\n`);
  }
  expect(github.requests.filter(({ status }) => status === 0 || status >= 500)).toEqual([]);

  const pids = runners.map((runner) => runner.child.pid ?? 0);
  await poll(120_000, async () => {
    const left = [...agentProcesses(witness), ...childrenOf(pids)];
    return left.length === 0 ? null : JSON.stringify(left);
  });
  for (const runner of runners) expect(await runner.stop()).toBe(0);
  for (const home of new Set(homes)) {
    expect(await filesUnder(join(home, "workspaces"))).toEqual([]);
    expect(await filesUnder(join(home, "homes"))).toEqual([]);
    expect(await filesUnder(join(home, "issues"))).toEqual([]);
    expect((await filesUnder(join(home, "runs"))).filter((file) => file.endsWith(".json"))).toEqual([]);
    expect((await filesUnder(join(home, "repos"))).filter((file) => file.includes(".incoming"))).toEqual([]);
  }
}
