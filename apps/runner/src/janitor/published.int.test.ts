import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { quarantine } from "../workspace/quarantine.ts";
import { createGitBench, type GitBench } from "../workspace/testing/gitBench.ts";
import { unlessInMirror, unlessPublished, whyKept } from "./published.ts";

let bench: GitBench;
beforeAll(async () => {
  bench = await createGitBench();
});
beforeEach(() => {
  bench = bench.another();
});
afterAll(async () => {
  await bench.close();
});

/** Create a workspace with a commit of the agent, on GitHub or not. */
async function made({ pushed = true } = {}): Promise<void> {
  await bench.ensure();
  await bench.commit("new.txt", "new\n");
  if (pushed) await push("HEAD", bench.branch);
}

async function push(commit: string, branch: string): Promise<void> {
  await bench.agent(["push", "--quiet", "--force", bench.originDir, `${commit}:refs/heads/${branch}`]);
}

async function why(parts: { tree?: string | null; gitDir?: string | null } = {}): Promise<string | null> {
  await bench.mirror.refresh();
  const { tree, gitDir } = bench.paths;
  return whyKept({ tree, gitDir, place: bench.place, whyCommitsKept: unlessInMirror(bench.mirror), ...parts });
}

test("a workspace whose work is on GitHub may be removed", async () => {
  await made();
  await bench.write("noise.log", "ignored\n");
  await bench.write("BLOCKED.md", "a question that was asked on GitHub\n");
  await bench.write("STOP", "");
  expect(await why()).toBeNull();
});

test("a workspace without changes may be removed", async () => {
  await bench.ensure();
  expect(await why()).toBeNull();
});

test.each<[string, () => Promise<unknown>, RegExp]>([
  ["a commit", () => bench.commit("more.txt", "more\n"), /commits that are not on GitHub/],
  ["a changed file", () => bench.write("new.txt", "changed\n"), /uncommitted changes/],
  ["a new file", () => bench.write("other.txt", "other\n"), /uncommitted changes/],
  ["a stash", () => bench.write("new.txt", "x\n").then(() => bench.agent(["stash"])), /stashed/],
  [
    "another branch",
    async () => {
      await bench.agent(["checkout", "--quiet", "-b", "side"]);
      await bench.commit("side.txt", "side\n");
      await bench.agent(["checkout", "--quiet", bench.branch]);
    },
    /commits that are not on GitHub/,
  ],
  [
    "a worktree elsewhere",
    () => bench.agent(["worktree", "add", "--quiet", "--detach", join(bench.dir, `else-${bench.name}`)]),
    /has a worktree at/,
  ],
  [
    "a repository in it, as a submodule that is on GitHub",
    async () => {
      await bench.agent(["init", "--quiet", "inner"]);
      await bench.agent(["commit", "--quiet", "--allow-empty", "-m", "x"], join(bench.paths.tree, "inner"));
      await bench.agent(["add", "inner"]);
      await bench.agent(["commit", "--quiet", "-m", "a link"]);
      await push("HEAD", bench.branch);
    },
    /inner is a separate repository/,
  ],
  [
    "a worktree that names another repository",
    async () => {
      const other = join(bench.dir, `other-${bench.name}.git`);
      await bench.agent(["init", "--quiet", "--bare", other]);
      await writeFile(join(bench.paths.gitDir, "worktrees", bench.name, "commondir"), `${other}\n`);
    },
    /not a worktree of its repository/,
  ],
  ["a tree that is not a worktree", () => rm(join(bench.paths.tree, ".git")), /not a worktree of its repository/],
  ["a damaged repository", () => rm(join(bench.paths.gitDir, "HEAD")), /git cannot report it|not a worktree/],
])("%s keeps it", async (_, change, reason) => {
  await made();
  await change();
  expect(await why()).toMatch(reason);
});

test("a branch that was removed from GitHub, or reset there, keeps it", async () => {
  await made();
  const base = await bench.base();
  await push(base, bench.branch);
  expect(await why()).toMatch(/not on GitHub/);
  await bench.agent(["push", "--quiet", bench.originDir, `:refs/heads/${bench.branch}`]);
  expect(await why()).toMatch(/not on GitHub/);
});

test("without a tree, the commits decide", async () => {
  await made({ pushed: false });
  const head = await bench.agent(["rev-parse", "HEAD"]);
  await rm(bench.paths.tree, { recursive: true });
  expect(await why({ tree: null })).toMatch(/not on GitHub/);
  await bench.agent(["push", "--quiet", bench.originDir, `${head}:refs/heads/${bench.branch}`], bench.paths.gitDir);
  expect(await why({ tree: null })).toBeNull();
  expect(await why({ gitDir: null })).toMatch(/repository is missing/);
});

test("a quarantined workspace is checked separately", async () => {
  await made();
  const quarantined = await quarantine(bench.place, bench.paths, { quarantineSuffix: "x", what: "both" });
  await bench.ensure();
  await bench.commit("later.txt", "later\n");
  const kept = { tree: quarantined, gitDir: `${bench.paths.gitDir}.kept-x` };
  expect(await why(kept)).toBeNull();
  await bench.agent(["commit", "--quiet", "--allow-empty", "-m", "more"], quarantined);
  expect(await why(kept)).toMatch(/not on GitHub/);
});

test("an inner repository that the base has unchanged was not created here", async () => {
  await bench.ensure();
  const { tree, gitDir } = bench.paths;
  const inside = join(tree, "vendor");
  await bench.agent(["init", "--quiet", inside]);
  await bench.agent(["commit", "--quiet", "--allow-empty", "-m", "first"], inside);
  await bench.agent(["add", "vendor"]);
  await bench.agent(["commit", "--quiet", "-m", "vendor"]);
  const known = (baseSha: string | null) =>
    whyKept({ tree, gitDir, place: bench.place, baseSha, whyCommitsKept: async () => null });
  expect(await known(await bench.agent(["rev-parse", "HEAD"]))).toBeNull();
  expect(await known(await bench.base())).toMatch(/vendor is a separate repository/);
  expect(await known(null)).toMatch(/vendor is a separate repository/);
});

test("known published commits need no request to GitHub, even if they were published in another form, or merged in", async () => {
  await bench.ensure();
  const mine = await bench.commit("new.txt", "new\n");
  const { tree, gitDir } = bench.paths;
  const known = async (...published: string[]) =>
    whyKept({
      tree,
      gitDir,
      place: bench.place,
      whyCommitsKept: unlessPublished({ place: bench.place, gitDir }, published),
    });
  const unseen = "0123456789".repeat(4);
  expect(await known(mine, unseen)).toBeNull();
  expect(await known(await bench.base(), unseen)).toMatch(/not on GitHub/);
  await bench.agent(["branch", "beside", `${mine}^`]);
  expect(await known(mine)).toBeNull();
  await bench.agent(["commit", "--quiet", "--allow-empty", "-m", "later"]);
  expect(await known(mine)).toMatch(/not on GitHub/);
});
