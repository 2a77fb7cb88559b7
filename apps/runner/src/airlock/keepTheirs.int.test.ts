import { StepFailure } from "@tac8/core/domain/failures";
import { execa } from "execa";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createGitBench, REPO, type GitBench } from "../workspace/testing/gitBench.ts";
import { withIncoming } from "./incoming.ts";
import { keepTheirs } from "./keepTheirs.ts";
import { pushBranch } from "./push.ts";

let bench: GitBench;
let theirs = "";
beforeAll(async () => {
  bench = await createGitBench();
});
/** Another contributor's commit is on the branch before the agent starts. */
beforeEach(async () => {
  bench = bench.another();
  theirs = await bench.push(bench.branch, { "theirs.txt": "theirs\n" });
  await bench.ensure();
});
afterAll(() => bench.close());

/** Publish like a run that knows of their commit. @returns the branch's files on GitHub, after the push. */
async function publish(): Promise<string[]> {
  const { clean, branch, scope, mirror, place, paths, name } = bench;
  const baseSha = await bench.base();
  const incoming = {
    mirror: mirror.paths,
    clean,
    agent: place,
    tree: paths.tree,
    baseSha,
    known: [theirs],
    runId: name,
  };
  await withIncoming(incoming, async ({ dir, head }) => {
    const sha = await keepTheirs({ clean, dir, branch, head, theirs });
    await pushBranch({ clean, dir, branch, scope, sha, expected: theirs });
  });
  const { stdout } = await execa("git", ["-C", bench.originDir, "ls-tree", "--name-only", branch]);
  return stdout.split("\n");
}

const there = () => bench.github.branches(REPO)[bench.branch] ?? "";
const keepsTheirs = async () =>
  (await execa("git", ["-C", bench.originDir, "merge-base", theirs, there()])).stdout === theirs;

test("work on top of their commit is pushed unchanged", async () => {
  const mine = await bench.commit("mine.txt", "mine\n");
  expect(await publish()).toContain("mine.txt");
  expect(there()).toBe(mine);
});

test("their commit is kept below the work if the agent squashes it", async () => {
  await bench.agent(["reset", "--quiet", "--soft", await bench.base()]);
  await bench.commit("mine.txt", "mine\n");
  expect(await publish()).toEqual(expect.arrayContaining(["mine.txt", "theirs.txt"]));
  expect(await keepsTheirs()).toBe(true);
});

test("their commit is kept below the work if the agent starts again from the base", async () => {
  await bench.agent(["reset", "--quiet", "--hard", await bench.base()]);
  await bench.commit("mine.txt", "mine\n");
  expect(await publish()).toEqual(expect.arrayContaining(["mine.txt", "theirs.txt"]));
  expect(await keepsTheirs()).toBe(true);
});

test("their commit is kept, with a clear failure, if the agent's rewritten work conflicts with it", async () => {
  await bench.agent(["reset", "--quiet", "--hard", await bench.base()]);
  await bench.commit("theirs.txt", "mine\n");
  const failed = await publish().catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(StepFailure);
  expect((failed as StepFailure).failure).toMatchObject({ kind: "refused" });
  expect(there()).toBe(theirs);
});
