import { existsSync } from "node:fs";
import { mkdir, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { execa } from "execa";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { StepFailure, type Failure } from "@tac8/core/domain/failures";
import { createGitBench, type GitBench } from "../workspace/testing/gitBench.ts";
import { streamBundle } from "./bundle.ts";
import { withIncoming, type Incoming } from "./incoming.ts";

let bench: GitBench;
beforeAll(async () => {
  bench = await createGitBench();
});
beforeEach(async () => {
  bench = bench.another();
  await bench.ensure();
});
afterAll(async () => {
  await bench.close();
});

async function take<T>(
  use: (incoming: Incoming) => Promise<T>,
  known: readonly string[] = [],
  baseSha?: string,
): Promise<T> {
  const options = {
    mirror: bench.mirror.paths,
    clean: bench.clean,
    agent: bench.place,
    tree: bench.paths.tree,
    baseSha: baseSha ?? (await bench.base()),
    known,
    runId: bench.name,
  };
  return withIncoming(options, use);
}

const facts = async ({ head, commits }: Incoming) => ({ head, commits });

async function failure(work: Promise<unknown>): Promise<Failure> {
  const error: unknown = await work.then(
    () => new Error("nothing failed"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof StepFailure)) throw error;
  return error.failure;
}

test("commits that change nothing in total are recognized, even if the base has new commits", async () => {
  await bench.commit("a.txt", "a\n");
  expect(await take(async ({ isChanged }) => isChanged)).toBe(true);
  await bench.agent(["revert", "--no-edit", "HEAD"]);
  expect(await take(async ({ commits, isChanged }) => ({ commits, isChanged }))).toEqual({
    commits: 2,
    isChanged: false,
  });
});

test("the agent's commits arrive complete, and the throwaway repository is removed", async () => {
  await bench.commit("a.txt", "a\n");
  const head = await bench.commit("b.txt", "b\n");
  const content = await take(async (incoming) => {
    expect(await facts(incoming)).toEqual({ head, commits: 2 });
    expect((await stat(incoming.dir)).mode & 0o777).toBe(0o700);
    return bench.agent(["cat-file", "blob", `${head}:b.txt`], incoming.dir);
  });
  expect(content).toBe("b");
  expect(await readdir(bench.mirror.paths.incoming)).toEqual([]);
});

test("the throwaway repository is removed after a failure too", async () => {
  await bench.commit("a.txt", "a\n");
  await expect(take(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await readdir(bench.mirror.paths.incoming)).toEqual([]);
});

test("no commits, and commits that are already on GitHub", async () => {
  expect(await take(facts)).toEqual({ head: await bench.base(), commits: 0 });
  const pushed = await bench.push(bench.branch, { "b.txt": "b\n" });
  await bench.ensure();
  expect(await take(facts)).toEqual({ head: pushed, commits: 1 });
});

test("commits of an earlier run that were never pushed are included", async () => {
  const head = await bench.commit("a.txt", "a\n");
  expect(await take(facts, [head])).toEqual({ head, commits: 1 });
  expect(await take(facts, ["1".repeat(40)])).toEqual({ head, commits: 1 });
  const next = await bench.commit("b.txt", "b\n");
  expect(await take(facts, [head])).toEqual({ head: next, commits: 2 });
  const content = ({ dir }: Incoming) => bench.agent(["cat-file", "blob", `${next}:a.txt`], dir);
  expect(await take(content, [head])).toBe("a");
});

test("a history without a common commit is refused", async () => {
  await bench.agent(["checkout", "--quiet", "--orphan", "mine"]);
  await bench.commit("a.txt", "a\n");
  const found = await failure(take(facts));
  expect(found).toMatchObject({ kind: "refused" });
  expect(found.message).toContain("share no history with the base branch");
});

test("a git that fails does not refuse the commits: they are tried again", async () => {
  await bench.commit("a.txt", "a\n");
  const nowhere = "f".repeat(40);
  const found = await failure(take(facts, [await bench.base()], nowhere));
  expect(found).toMatchObject({ kind: "git", message: expect.stringContaining(nowhere) as unknown });
});

test("if HEAD is a tag, its commit is used", async () => {
  const head = await bench.commit("a.txt", "a\n");
  await bench.agent(["tag", "--annotate", "-m", "x", `tag-${bench.name}`]);
  const tag = await bench.agent(["rev-parse", `tag-${bench.name}`]);
  await writeFile(join(bench.paths.gitDir, "worktrees", bench.name, "HEAD"), `${tag}\n`);
  expect(await take(facts)).toEqual({ head, commits: 1 });
});

test("an unborn HEAD is a failure with a clear message", async () => {
  await bench.agent(["checkout", "--quiet", "--orphan", "mine"]);
  expect(await failure(take(facts))).toMatchObject({ kind: "git" });
});

test("message files that are still in the commits are not published", async () => {
  await bench.write("STOP", "");
  await bench.commit("BLOCKED.md", "Which one?\n");
  expect((await failure(take(facts))).message).toBe(
    "BLOCKED.md, STOP is still in the agent's commits, so they were not published",
  );
});

test("objects that git's check refuses are not imported", async () => {
  const blob = await bench.agent(["hash-object", "-w", "README.md"]);
  const tree = Buffer.concat([Buffer.from("100644 .git\0"), Buffer.from(blob, "hex")]);
  const made = await execa("git", ["hash-object", "-w", "-t", "tree", "--literally", "--stdin"], {
    cwd: bench.paths.tree,
    input: tree,
  });
  const evil = await bench.agent(["commit-tree", made.stdout, "-p", "HEAD", "-m", "evil"]);
  await bench.agent(["update-ref", "HEAD", evil]);
  const found = await failure(take(facts));
  expect(found).toMatchObject({ kind: "refused" });
  expect(found.message).toMatch(/failed git's check: .*hasDotgit/);
});

test("commits with missing objects are not imported", async () => {
  await bench.commit("a.txt", "something that only this commit has\n");
  const blob = await bench.agent(["rev-parse", "HEAD:a.txt"]);
  await rm(join(bench.paths.gitDir, "objects", blob.slice(0, 2), blob.slice(2)), { force: true });
  expect(["git", "refused"]).toContain((await failure(take(facts))).kind);
});

test("a bundle is cut off at its size limit", async () => {
  await writeFile(join(bench.paths.tree, "big.bin"), randomBytes(300_000));
  await bench.commit("a.txt", "a\n");
  const file = join(bench.dir, `${bench.name}.bundle`);
  const options = { tree: bench.paths.tree, place: bench.place, known: [await bench.base()], file };
  const found = await failure(streamBundle({ ...options, maxBytes: 100_000 }));
  expect(found).toMatchObject({ kind: "refused" });
  expect(found.message).toContain("too large to publish");
  expect((await stat(file)).size).toBeLessThanOrEqual(100_000);
  await rm(file);
  await streamBundle({ ...options, maxBytes: 1_000_000 });
  expect((await stat(file)).size).toBeGreaterThan(300_000);
});

test("if the agent deleted .git, no repository in a parent folder is bundled", async () => {
  await bench.agent(["init", "--quiet", bench.dir], bench.dir);
  await bench.agent(["commit", "--quiet", "--allow-empty", "-m", "private"], bench.dir);
  await rm(join(bench.paths.tree, ".git"));
  try {
    expect((await failure(take(facts))).message).toContain("Need a repository");
  } finally {
    await rm(join(bench.dir, ".git"), { recursive: true });
  }
});

test("a worktree that is a link to the clean side's own repository reveals nothing new", async () => {
  await rm(bench.paths.tree, { recursive: true });
  await mkdir(join(bench.dir, "x"), { recursive: true });
  await symlink(join(bench.dir, "x"), bench.paths.tree);
  expect((await failure(take(facts))).kind).toBe("git");
  expect(existsSync(join(bench.dir, "x", ".git"))).toBe(false);
});
