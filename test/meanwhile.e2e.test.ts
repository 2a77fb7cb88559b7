import { randomUUID } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createWorld, LABEL, OWNER, poll, REPO, type App, type World } from "./world.ts";

let world: World;
let runner: App;

/** The base is not the default branch: a merge then closes no issue, and cancels no run. */
const BASE = "develop";

beforeAll(async () => {
  world = await createWorld({ config: { github: { base_branch: BASE } } });
  await world.github.commitTo({ repo: REPO, branch: BASE, files: { "next.txt": "next\n" }, author: OWNER });
  world.startApp("scheduler");
  runner = world.startApp("runner");
});
afterAll(() => world.close());

const pullsOf = (number: number) =>
  world.github.pulls(REPO).filter(({ head }) => new RegExp(`^auto/gh-${number}(-\\d+)?$`).test(head));
const startsOf = async (number: number) =>
  (await world.agentStarts()).filter(({ cwd }) => String(cwd).endsWith(`/gh-${number}`)).length;

/** An issue whose n-th run writes a file of its own and then stands at the gate until the test opens it. */
function openGated(): { number: number; stands: () => Promise<void>; pass: () => Promise<void> } {
  const gate = join(world.dir, `gate-${randomUUID()}`);
  const work = `n=$(ls work* 2>/dev/null | wc -l); echo "$n" > work$n.txt`;
  const number = world.openIssue({
    script: [
      { bash: work },
      { commit: "feat: work" },
      { bash: `touch '${gate}.reached'; until [ -e '${gate}' ]; do sleep 0.05; done` },
    ],
  });
  const stands = () =>
    poll(60_000, async () => (existsSync(`${gate}.reached`) ? null : `${number} is not at its gate`));
  return { number, stands, pass: () => writeFile(gate, "") };
}

async function working(number: number, starts: number): Promise<void> {
  await poll(60_000, async () => ((await startsOf(number)) === starts ? null : `${number} has no agent ${starts}`));
}

/** Its second round has begun to work, on the open pull request of the first. */
async function secondRound(): Promise<{ number: number; pull: number; tag: string; pass: () => Promise<void> }> {
  const tag = randomUUID().slice(0, 8);
  const go = join(world.dir, `go-${tag}`);
  const first = `[ -e first-${tag}.txt ] || { echo 1 > first-${tag}.txt; git add -A; git commit -qm 'feat: first'; exit 0; }`;
  const second = `echo 2 > second-${tag}.txt; git add -A; git commit -qm 'feat: second'; until [ -e '${go}' ]; do sleep 0.05; done`;
  const number = world.openIssue({ script: [{ bash: `(${first}; ${second})` }, { result: "Done." }] });
  await world.reaches(number, "pr");
  const pull = pullsOf(number)[0]?.number ?? 0;
  world.github.addLabel({ repo: REPO, number, actor: OWNER, label: LABEL });
  await working(number, 2);
  return { number, pull, tag, pass: () => writeFile(go, "") };
}

/** As GitHub's button does: the base then has the changes, but not the commits. */
async function mergeSquashed(pull: number): Promise<void> {
  const merge = await fetch(`${world.github.url}/repos/${REPO}/pulls/${pull}/merge`, {
    method: "PUT",
    headers: { authorization: `Bearer ${world.token}`, "content-type": "application/json" },
    body: JSON.stringify({ merge_method: "squash" }),
  });
  expect(merge.status).toBe(200);
}

/** Of the commits that the branch has and the base has not. */
async function subjects(branch: string): Promise<string[]> {
  return (await onGitHub(["log", "--format=%s", `${BASE}..${branch}`])).split("\n");
}

async function onGitHub(git: readonly string[]): Promise<string> {
  return (await execa("git", git, { cwd: join(world.dir, "github", `${REPO}.git`) })).stdout;
}

test("a pull request that is merged while the agent works: its new commits are a new one, on the base", async () => {
  const { number, pull, tag, pass } = await secondRound();
  await world.github.mergePull({ repo: REPO, number: pull, actor: OWNER });
  const merged = world.github.branches(REPO)[`auto/gh-${number}`];
  await pass();
  await world.enters(number, "pr", 2);
  const next = `auto/gh-${number}-2`;
  expect(pullsOf(number).map(({ head, base, state }) => [head, base, state])).toEqual([
    [`auto/gh-${number}`, BASE, "closed"],
    [next, BASE, "open"],
  ]);
  expect(world.github.branches(REPO)[`auto/gh-${number}`]).toBe(merged);
  expect(await world.github.file(REPO, next, `second-${tag}.txt`)).toBe("2\n");
  expect(await world.github.file(REPO, next, `first-${tag}.txt`)).toBe("1\n");
  expect((await world.store.read(world.jobId(number))).prNumber).toBe(pullsOf(number)[1]?.number);
  expect(await startsOf(number)).toBe(2);
});

test("… and its push comes through later only: what was merged is not in the new one again", async () => {
  const { number, pull, pass } = await secondRound();
  await mergeSquashed(pull);
  world.github.fault({ method: "POST", path: `/${REPO}.git/git-receive-pack`, times: 100_000, do: { status: 503 } });
  await pass();
  await world.enters(number, "parked", 1);
  const next = `auto/gh-${number}-2`;
  expect((await world.store.read(world.jobId(number))).branch).toBe(next);
  world.github.clearFaults();
  await world.enters(number, "pr", 2);
  expect(await subjects(next)).toEqual(["feat: second"]);
  expect(await startsOf(number)).toBe(2);
});

/** The runner's next look at the branch's pull requests gets the answer of now, whatever comes after it. */
async function lookIsOld(number: number): Promise<void> {
  const path = `/repos/${REPO}/pulls`;
  const query = new URLSearchParams({ head: `${REPO.split("/")[0]}:auto/gh-${number}`, state: "all" });
  const now = await fetch(`${world.github.url}${path}?${query.toString()}`, {
    headers: { authorization: `Bearer ${world.token}` },
  });
  const body: unknown = await now.json();
  expect(body).toMatchObject([{ state: "open" }]);
  world.github.fault({ method: "GET", path, times: 1, do: { status: 200, body } });
}

test.each([
  ["merged", false],
  ["merged, and its branch taken away,", true],
])(
  "a pull request that is %s between our last look and our push: new commits alone, on the next branch",
  async (_how, taken) => {
    const { number, pull, tag, pass } = await secondRound();
    await lookIsOld(number);
    await mergeSquashed(pull);
    const branch = `auto/gh-${number}`;
    if (taken) await onGitHub(["update-ref", "-d", `refs/heads/${branch}`]);
    await pass();
    await world.enters(number, "pr", 2);
    const next = `${branch}-2`;
    expect(pullsOf(number).map(({ head, state }) => [head, state])).toEqual([
      [branch, "closed"],
      [next, "open"],
    ]);
    expect(await subjects(next)).toEqual(["feat: second"]);
    expect(await world.github.file(REPO, next, `second-${tag}.txt`)).toBe("2\n");
    expect((await world.store.read(world.jobId(number))).prNumber).toBe(pullsOf(number)[1]?.number);
    expect(await startsOf(number)).toBe(2);
  },
);

test("a pull request that is closed while the agent works: all of its work is a new one", async () => {
  const { number, pull, tag, pass } = await secondRound();
  world.github.closePull({ repo: REPO, number: pull, actor: OWNER });
  const closed = world.github.branches(REPO)[`auto/gh-${number}`];
  await pass();
  await world.enters(number, "pr", 2);
  const next = `auto/gh-${number}-2`;
  expect(pullsOf(number).map(({ head, state }) => [head, state])).toEqual([
    [`auto/gh-${number}`, "closed"],
    [next, "open"],
  ]);
  expect(world.github.branches(REPO)[`auto/gh-${number}`]).toBe(closed);
  expect(await world.github.file(REPO, next, `first-${tag}.txt`)).toBe("1\n");
  expect(await world.github.file(REPO, next, `second-${tag}.txt`)).toBe("2\n");
});

test("base and branch move while the agent works: one pull request, with everybody's commits", async () => {
  const { number, pass } = openGated();
  await working(number, 1);
  const branch = `auto/gh-${number}`;
  await world.github.commitTo({ repo: REPO, branch: BASE, files: { "moved.txt": "moved\n" }, author: OWNER });
  await world.github.commitTo({ repo: REPO, branch, files: { "theirs.txt": "theirs\n" }, author: OWNER });
  // Published in two goes: the second starts from a workspace that has our commits as they were before.
  world.github.fault({ method: "POST", path: `/repos/${REPO}/pulls`, times: 100_000, do: { status: 503 } });
  await pass();
  await world.enters(number, "parked", 1);
  world.github.clearFaults();
  await world.reaches(number, "pr");
  expect(pullsOf(number).map(({ head, base, state }) => [head, base, state])).toEqual([[branch, BASE, "open"]]);
  expect(await world.github.file(REPO, branch, "theirs.txt")).toBe("theirs\n");
  expect(await world.github.file(REPO, branch, "work0.txt")).toBe("0\n");
  expect(world.github.pushes.filter(({ ref, forced }) => ref === `refs/heads/${branch}` && forced)).toEqual([]);
  expect(await startsOf(number)).toBe(1);
});

/** Its agent has committed `work0.txt`; then the runner is lost, and somebody pushes to the branch before it is back. */
async function lostMeanwhile(files: Readonly<Record<string, string>>) {
  const { number, stands, pass } = openGated();
  const commit = () => world.github.commitTo({ repo: REPO, branch: `auto/gh-${number}`, files, author: OWNER });
  await stands();
  await runner.stop("SIGKILL");
  const theirs = await commit();
  await pass();
  runner = world.startApp("runner");
  await world.reaches(number, "pr");
  const starts = (await world.agentStarts()).filter(({ cwd }) => String(cwd).endsWith(`/gh-${number}`));
  const file = (path: string) => world.github.file(REPO, `auto/gh-${number}`, path);
  return { number, theirs, file, resumed: starts.map((start) => start["resumed"]) };
}

test("somebody pushes to the branch while the runner is away: the session goes on, on top of their commit", async () => {
  const { number, file, resumed } = await lostMeanwhile({ "theirs.txt": "theirs\n" });
  expect(resumed).toEqual([false, true]);
  expect([await file("work0.txt"), await file("work1.txt"), await file("theirs.txt")]).toEqual([
    "0\n",
    undefined,
    "theirs\n",
  ]);
  expect(pullsOf(number).map(({ head, state }) => [head, state])).toEqual([[`auto/gh-${number}`, "open"]]);
});

test("… a commit that conflicts: the agent begins anew on top of it, and what it had done is put aside", async () => {
  const { number, file, resumed } = await lostMeanwhile({ "work0.txt": "theirs\n" });
  expect(resumed).toEqual([false, false]);
  expect([await file("work0.txt"), await file("work1.txt")]).toEqual(["theirs\n", "1\n"]);
  const aside = readdirSync(join(world.home, "workspaces", REPO, "trees"));
  expect(aside.filter((name) => name.startsWith(`gh-${number}.kept-`))).toHaveLength(1);
});
