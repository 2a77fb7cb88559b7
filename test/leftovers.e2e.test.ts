import { existsSync } from "node:fs";
import { mkdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { lock } from "@tac8/core/process/flock";
import { workspacePaths } from "../apps/runner/src/workspace/paths.ts";
import { nextNumber } from "./once.ts";
import { isAlive } from "./processes.ts";
import { createWorld, OWNER, poll, REPO, type App, type World } from "./world.ts";

let world: World;
let runner: App;
beforeAll(async () => {
  world = await createWorld({ config: { coordinator: { max_attempts: 2 } } });
  world.startApp("scheduler");
  runner = world.startApp("runner");
});
afterAll(() => world.close());

const commit = (name: string) => `echo ${name} > ${name}.txt; git add -A; git commit -qm 'feat: ${name}'`;
const tree = (number: number) => join(world.dataFolder, "workspaces", REPO, "trees", `gh-${number}`);
const comment = (number: number) => world.github.comments(REPO, number).at(-1)?.body ?? "";

test("work that an agent leaves beside its pull request is kept and listed; without such work, the workspace is removed", async () => {
  const left = [
    ["it has commits that are not on GitHub", `${commit("big")}; git checkout -q -b small HEAD~1; ${commit("small")}`],
    ["it has stashed changes", `echo precious > README.md; git stash -q; ${commit("small")}`],
    ["it has a worktree at", `git worktree add -q -b beside "$PWD.beside"; ${commit("small")}`],
  ] as const;
  const numbers = left.map(([, bash]) => world.openIssue({ script: [{ bash }, { result: "Done." }] }));
  const plain = world.openIssue({ script: [{ bash: commit("small") }, { result: "Done." }] });
  for (const [index, number] of numbers.entries()) {
    await world.waitForState(number, "pr");
    expect(comment(number)).toContain(`Some of the agent's work is not in this pull request: ${left[index]?.[0]}`);
    expect(await readFile(join(tree(number), "small.txt"), "utf8")).toBe("small\n");
  }
  await world.waitForState(plain, "pr");
  expect(comment(plain)).not.toContain("Some of the agent's work");
  await poll(120_000, async () => (existsSync(tree(plain)) ? "its workspace still exists" : null));
});

test("conflicts that an agent leaves are not finished work: the next prompt names them, and the agent resolves them", async () => {
  const sides =
    "git checkout -q -b other; echo other > README.md; git commit -qam other; git checkout -q -; echo mine > README.md; git commit -qam mine";
  const number = world.openIssue({
    script: {
      first: [{ bash: `${sides}; git merge -q other || true` }, { result: "Done." }],
      again: [{ write: "README.md", text: "both\n" }, { commit: "fix: both" }, { result: "Done." }],
    },
  });
  await world.waitForState(number, "pr");
  expect(runner.log()).toContain("unresolved conflicts in README.md");
  expect((await world.agentStarts(number)).map((start) => start["resumed"])).toEqual([false, true]);
  const args = ["show", `auto/gh-${number}:README.md`];
  const { stdout } = await execa("git", args, { cwd: join(world.dir, "github", `${REPO}.git`) });
  expect(stdout).toBe("both");
});

test("an agent that starts daemons, prints 20 MB or ends without a result does no harm", async () => {
  const { github, dir } = world;
  const marked = join(dir, "marked.pid");
  const work = [{ append: "work.txt", text: "work\n" }, { commit: "feat: work" }, { result: "Worked." }];
  const daemons = world.openIssue({ script: [{ daemon: true, pidFile: marked }, ...work] });
  const loud = world.openIssue({ script: [{ output: 20_000_000 }, ...work] });
  const mute = world.openIssue({
    script: { first: [...work.slice(0, 2), { noResult: true }], again: [{ noResult: true }] },
  });
  await world.waitForState(daemons, "pr");
  const daemon = Number(await readFile(marked, "utf8"));
  expect(daemon).toBeGreaterThan(0);
  const lives = isAlive(daemon);
  if (lives) process.kill(daemon, "SIGKILL");
  expect(lives).toBe(false);

  await world.waitForState(loud, "pr");
  expect(await github.file(REPO, `auto/gh-${loud}`, "work.txt")).toBe("work\n");
  const agentRun = (await world.store.read(world.jobId(loud))).agent.run;
  expect((await stat(join(world.dataFolder, `logs/octo/widgets/gh-${loud}/${agentRun}.jsonl`))).size).toBeGreaterThan(
    20e6,
  );
  expect(Number(await world.redis.call("MEMORY", "USAGE", `tac8:run:${agentRun}`))).toBeLessThan(100_000);

  await world.waitForState(mute, "failed");
  const found = github.comments(REPO, mute).filter(({ body }) => body.includes("ended without a pull request"));
  expect(found).toHaveLength(1);
  expect(found[0]?.body).toContain("exit code 0");
  expect(found[0]?.body).toContain("without a result");
  expect(await world.agentStarts(mute)).toHaveLength(2);
  // The failed one's work is on its branch, and in its workspace.
  expect(await github.file(REPO, `auto/gh-${mute}`, "work.txt")).toBe("work\n");
  expect(existsSync(join(tree(mute), "work.txt"))).toBe(true);
});

test("a repository inside the repository is in no pull request: it is kept, and the issue says so", async () => {
  const nested = { bash: "git init --quiet vendored && echo kept > vendored/notes.txt" };
  const number = world.openIssue({ script: [nested, { bash: commit("small") }, { result: "Done." }] });
  await world.waitForState(number, "pr");
  expect(comment(number)).toMatch(/\*\*PR\*\*[^]*Not committed[^]*`vendored`[^]*kept in the workspace/);
  expect(existsSync(join(tree(number), "vendored/notes.txt"))).toBe(true);
});

fieldTest(
  "B3",
  "secrets and generated files are in no pull request: the issue names them, and the workspace is removed",
  async () => {
    const leftovers =
      "echo TOKEN=abc > .env; mkdir -p node_modules/a; echo 1 > node_modules/a/i.js; : > .bashrc; echo notes > notes.md";
    const number = world.openIssue({ script: [{ bash: `${commit("small")}; ${leftovers}` }, { result: "Done." }] });
    await world.waitForState(number, "pr");
    const branch = `auto/gh-${number}`;
    for (const path of [".env", ".bashrc", "node_modules/a/i.js"]) {
      expect(await world.github.file(REPO, branch, path)).toBeUndefined();
    }
    expect(await world.github.file(REPO, branch, "notes.md")).toBe("notes\n");
    expect(comment(number)).toMatch(/Excluded from the commit: [^]*`.env` \(may contain a secret\)/);
    expect(comment(number)).toContain("`node_modules/` (generated)");
    const pull = world.github.pulls(REPO).find(({ head }) => head === branch);
    expect(pull?.body).toContain("committed by tac8:_ `notes.md`\n");
    await poll(120_000, async () => (existsSync(tree(number)) ? "its workspace still exists" : null));
  },
);

fieldTest("B3", "a file that is too large for a commit keeps its workspace, and the issue names it", async () => {
  const number = world.openIssue({
    script: [{ bash: `${commit("small")}; head -c 6000000 /dev/zero > data.csv` }, { result: "Done." }],
  });
  await world.waitForState(number, "pr");
  expect(comment(number)).toMatch(/Not committed: `data.csv` \(too large\); kept in the workspace on/);
  expect((await stat(join(tree(number), "data.csv"))).size).toBe(6_000_000);
});

fieldTest("B8", "an agent's first commands answer as in a clone", async () => {
  await execa("git", ["tag", "v1.2", "main"], { cwd: join(world.dir, "github", `${REPO}.git`) });
  const commands = [
    "git describe --tags",
    "git diff --name-only main...HEAD",
    "git merge-base origin/main HEAD",
    "git log --format=%s origin/main..",
    "git rev-parse --abbrev-ref origin/HEAD",
    "git fetch",
  ];
  const asked = `${commit("small")}; for c in ${commands.map((one) => `"${one}"`).join(" ")}; do $c >> output.txt 2>&1; echo "$?" >> output.txt; done`;
  const number = world.openIssue({ script: [{ bash: `${asked}; ${commit("more")}` }, { result: "Done." }] });
  await world.waitForState(number, "pr");
  const found = await world.github.file(REPO, `auto/gh-${number}`, "output.txt");
  expect(found).toMatch(
    /^v1\.2-1-g[0-9a-f]+\n0\nsmall\.txt\n0\n[0-9a-f]{40}\n0\nfeat: small\n0\norigin\/main\n0\n0\n$/,
  );
  await poll(120_000, async () => (existsSync(tree(number)) ? "its workspace still exists" : null));
});

test("a workspace that another process holds is not used; when it is free, the job continues", async () => {
  const number = nextNumber(world);
  const { lockFile } = workspacePaths(world.dataFolder, "trees", { owner: OWNER, repo: "widgets", number });
  await mkdir(dirname(lockFile), { recursive: true });
  const held = await lock(lockFile);
  try {
    expect(world.openIssue({ script: [{ bash: commit("small") }, { result: "Done." }] })).toBe(number);
    await runner.waitForLog("another process uses the issue's workspace");
    expect(await world.agentStarts(number)).toEqual([]);
    expect((await world.store.read(world.jobId(number))).run.id).toBeNull();
  } finally {
    held.release();
  }
  await world.waitForState(number, "pr");
  expect(await world.agentStarts(number)).toHaveLength(1);
});
