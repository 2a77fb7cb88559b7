import { existsSync } from "node:fs";
import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { execa } from "execa";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { withIncoming } from "../airlock/incoming.ts";
import { unlessInMirror, unlessPublished, whyKept } from "../janitor/published.ts";
import { saveWork } from "./save.ts";
import { createGitBench, type GitBench } from "./testing/gitBench.ts";

let bench: GitBench;
beforeAll(async () => {
  bench = await createGitBench();
  await origin("tag", "v1", "main");
  await origin("-c", "user.name=x", "-c", "user.email=x@example.invalid", "tag", "-a", "-m", "two", "v2", "main");
});
beforeEach(async () => {
  bench = bench.another();
  await bench.mirror.refresh();
});
afterAll(async () => {
  await bench.close();
});

const origin = async (...args: string[]) => (await execa("git", args, { cwd: bench.originDir })).stdout;
const refs = async () => (await bench.agent(["for-each-ref", "--format=%(refname)"])).split("\n");

async function why(): Promise<string | null> {
  await bench.mirror.refresh();
  return whyKept({ ...bench.paths, place: bench.place, whyCommitsKept: unlessInMirror(bench.mirror) });
}

fieldTest(
  "B8",
  "the workspace has the refs of a clone: tags, the base branch, and the branches of GitHub",
  async () => {
    const other = await bench.push(`feature-${bench.name}`, { "f.txt": "f\n" });
    await bench.ensure();
    const base = await bench.base();
    expect(await bench.agent(["describe", "--tags", "HEAD"])).toMatch(/^v\d/);
    expect(await bench.agent(["describe", "HEAD"])).toMatch(/^v2/);
    const head = await bench.commit("new.txt", "new\n");
    expect(await bench.agent(["diff", "--name-only", "main...HEAD"])).toBe("new.txt");
    expect(await bench.agent(["diff", "--name-only", "origin/main...HEAD"])).toBe("new.txt");
    expect(await bench.agent(["merge-base", "origin/main", "HEAD"])).toBe(base);
    expect(await bench.agent(["log", "--format=%H", "origin/main.."])).toBe(head);
    expect(await bench.agent(["log", "--format=%H", "main..HEAD"])).toBe(head);
    expect(await bench.agent(["symbolic-ref", "--short", "refs/remotes/origin/HEAD"])).toBe("origin/main");
    expect(await bench.agent(["rev-parse", "origin/HEAD"])).toBe(base);
    expect(await bench.agent(["rev-parse", `origin/feature-${bench.name}`])).toBe(other);
    expect(await bench.agent(["rev-list", "--count", "main"])).toBe(await origin("rev-list", "--count", "main"));
    expect(await bench.agent(["rev-parse", "--is-shallow-repository"])).toBe("false");
    expect(await bench.agent(["branch", "--format=%(refname:short)"])).toBe(`${bench.branch}\nmain`);
    expect(await bench.agent(["remote"])).toBe("");
    await bench.agent(["fetch"]);
    await bench.agent(["fsck", "--connectivity-only"]);
    await bench.agent(["gc", "--quiet"]);
    expect(await bench.agent(["describe", "--tags", "--exact-match", "origin/main"])).toMatch(/^v\d/);
  },
);

fieldTest("B8", "the base branch is at the base of the work, whatever it was before", async () => {
  await bench.ensure();
  await bench.commit("mine.txt", "mine\n");
  await origin("tag", `next-${bench.name}`, "main");
  await origin("tag", "-d", "v1");
  const newer = await bench.push("main", { [`newer-${bench.name}.txt`]: "newer\n" });
  await bench.mirror.refresh();
  await bench.ensure();
  expect(await bench.agent(["rev-parse", "main", "origin/main"])).toBe(`${newer}\n${newer}`);
  const now = await refs();
  expect(now).toContain(`refs/tags/next-${bench.name}`);
  expect(now).not.toContain("refs/tags/v1");
  await origin("tag", "v1", "main~1");
});

test("after an agent was killed while it was on the base, the next one continues from its commits", async () => {
  await bench.ensure();
  const mine = await bench.commit("mine.txt", "mine\n");
  await bench.agent(["checkout", "--quiet", "main"]);
  const newer = await bench.push("main", { [`newer-${bench.name}.txt`]: "newer\n" });
  expect(await bench.ensure()).toMatchObject({ how: "reused", head: mine });
  expect(await bench.agent(["symbolic-ref", "HEAD"])).toBe(`refs/heads/${bench.branch}`);
  expect(await bench.agent(["rev-parse", "main", "origin/main"])).toBe(`${newer}\n${newer}`);
});

test("after an agent without commits was killed on the base, the next one continues from the newer base", async () => {
  await bench.ensure();
  await bench.agent(["checkout", "--quiet", "main"]);
  const newer = await bench.push("main", { [`newer-${bench.name}.txt`]: "newer\n" });
  expect(await bench.ensure()).toMatchObject({ how: "forwarded", head: newer });
  expect(await bench.agent(["symbolic-ref", "HEAD"])).toBe(`refs/heads/${bench.branch}`);
});

test("a base branch with changes or commits of the agent is not moved", async () => {
  await bench.ensure();
  const base = await bench.base();
  await bench.agent(["checkout", "--quiet", "main"]);
  await bench.write("README.md", "changed\n");
  const newer = await bench.push("main", { [`newer-${bench.name}.txt`]: "newer\n" });
  expect((await bench.ensure()).how).toBe("reused");
  expect(await bench.agent(["rev-parse", "main", "origin/main"])).toBe(`${base}\n${newer}`);
  expect(await bench.agent(["status", "--porcelain"])).toBe("M README.md");
  const own = await bench.commit("own.txt", "own\n");
  await bench.agent(["checkout", "--quiet", bench.branch]);
  await bench.agent(["pack-refs", "--all"]);
  await bench.push("main", { [`newest-${bench.name}.txt`]: "newest\n" });
  await bench.ensure();
  expect(await bench.agent(["rev-parse", "main"])).toBe(own);
  expect(await why()).toMatch(/not on GitHub/);
});

fieldTest(
  "B8",
  "tags and the base are no work: the workspace can be removed, and none of them is published",
  async () => {
    const other = await bench.push(`release-${bench.name}`, { "r.txt": "r\n" });
    await origin("tag", `r-${bench.name}`, other);
    await origin("branch", "-D", `release-${bench.name}`);
    await bench.ensure();
    await bench.mirror.refresh();
    await bench.ensure();
    expect(await bench.agent(["rev-parse", `r-${bench.name}`])).toBe(other);
    const { paths, place, mirror, clean, name } = bench;
    const head = await bench.commit("new.txt", "new\n");
    const baseSha = await bench.base();
    await saveWork({ ...paths, place, baseSha, message: "x" });
    const options = { mirror: mirror.paths, clean, agent: place, tree: paths.tree, baseSha, known: [], runId: name };
    const crossed = await withIncoming(options, async ({ dir, commits }) => ({
      commits,
      refs: await bench.agent(["for-each-ref", "--format=%(refname)"], dir),
    }));
    expect(crossed).toEqual({ commits: 1, refs: "refs/heads/work" });
    const kept = () =>
      whyKept({ ...paths, place, whyCommitsKept: unlessPublished({ place, gitDir: paths.gitDir }, [head]) });
    expect(await kept()).toBeNull();
    expect(await why()).toMatch(/not on GitHub/);
    await bench.agent(["push", "--quiet", bench.originDir, `${head}:refs/heads/${bench.branch}`]);
    expect(await why()).toBeNull();
    await bench.agent(["checkout", "--quiet", `r-${name}`]);
    expect(await why()).toBeNull();
    // A tag of the agent is work.
    await bench.agent(["commit", "--quiet", "--allow-empty", "-m", "wip"]);
    await bench.agent(["tag", "wip"]);
    await bench.agent(["checkout", "--quiet", bench.branch]);
    expect(await why()).toMatch(/not on GitHub/);
    expect(await kept()).toMatch(/not on GitHub/);
  },
);

test("a workspace that was made without the refs of a clone gets them", async () => {
  await bench.ensure();
  for (const name of ["packed-refs", "tac8-refs", "tac8-config", "refs/remotes"]) {
    await rm(join(bench.paths.gitDir, name), { recursive: true });
  }
  await bench.ensure();
  expect(await bench.agent(["rev-parse", "main", "origin/HEAD"])).toBe(`${await bench.base()}\n${await bench.base()}`);
});

test("if the names of the base and of the issue's branch collide, only the issue's branch exists", async () => {
  const base = await bench.base();
  await bench.ensure({ base, baseNames: { base: "auto", defaultBranch: "main" } });
  expect(await bench.agent(["rev-parse", "origin/auto"])).toBe(base);
  expect(await bench.agent(["symbolic-ref", "HEAD"])).toBe(`refs/heads/${bench.branch}`);
});

test("thousands of tags are in one file, which is only written if it changes", async () => {
  const base = await bench.base();
  const names = [...Array(3000).keys()].map((index) => `refs/tags/many/${index}`);
  const input = names.map((name) => `create ${name} ${base}\n`).join("");
  await execa("git", ["update-ref", "--stdin"], { cwd: bench.originDir, input });
  await bench.mirror.refresh();
  expect(existsSync(join(bench.mirror.paths.dir, "refs/tags/many"))).toBe(false);
  await bench.ensure();
  expect(await bench.agent(["rev-parse", "many/2999"])).toBe(base);
  const file = join(bench.paths.gitDir, "packed-refs");
  expect(await readFile(file, "utf8")).toMatch(/^# pack-refs with: peeled fully-peeled sorted \n/);
  const { ino } = await stat(file);
  await bench.ensure();
  expect((await stat(file)).ino).toBe(ino);
  expect(await why()).toBeNull();
});
