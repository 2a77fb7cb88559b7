import { existsSync } from "node:fs";
import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { changedSincePrompt, uncommittedPaths } from "./changedSincePrompt.ts";
import { createGitBench, type GitBench } from "./testing/gitBench.ts";

let first: GitBench;
let bench: GitBench;
let startSha = "";
beforeAll(async () => {
  first = bench = await createGitBench({ files: { "README.md": "# widgets\n", "src/a b.txt": "a\n" } });
});
afterAll(() => first.close());
beforeEach(async () => {
  bench = bench.another();
  startSha = (await bench.ensure()).head;
});

async function agentBegins(): Promise<void> {
  await mkdir(dirname(bench.paths.promptFile), { recursive: true });
  await writeFile(bench.paths.promptFile, "Please.");
  // The clock of a file system has steps of a few milliseconds. The start of an agent takes longer.
  await expect.poll(() => isLater(bench.paths.promptFile)).toBe(true);
}

async function isLater(than: string): Promise<boolean> {
  const probe = join(bench.dir, "probe");
  await writeFile(probe, String(Math.random()));
  return (await stat(probe)).mtimeMs > (await stat(than)).mtimeMs;
}

const changed = () => changedSincePrompt({ ...bench.paths, place: bench.place, startSha });

test("an idle agent has changed nothing, even with uncommitted changes from before", async () => {
  await bench.write("src/a b.txt", "before\n");
  await bench.write("new.txt", "before\n");
  await agentBegins();
  expect(await changed()).toBe(false);
});

test("nothing has changed if no agent has started", async () => {
  await bench.write("new.txt", "1\n");
  expect(await changed()).toBe(false);
});

fieldTest("F1", "a commit, a changed, a new and a deleted file are changes", async () => {
  await bench.write("src/a b.txt", "before\n");
  for (const change of [
    () => bench.write("src/a b.txt", "after\n"),
    () => bench.write("ü new.txt", "1\n"),
    () => rm(join(bench.paths.tree, "README.md")),
    () => bench.commit("mine.txt", "1\n"),
  ]) {
    await agentBegins();
    expect(await changed()).toBe(false);
    await change();
    expect(await changed()).toBe(true);
  }
});

test("no filter runs that the agent has configured", async () => {
  const witness = join(bench.dir, "witness");
  await agentBegins();
  await bench.agent(["config", "filter.evil.clean", `touch '${witness}'; cat`]);
  await bench.write(".gitattributes", "* filter=evil\n");
  // Of the same length, because git otherwise knows without the content that the file was changed.
  await bench.write("README.md", "# gadgets\n");
  expect(await changed()).toBe(true);
  expect(existsSync(witness), "the filter ran").toBe(false);
});

test("paths with spaces, with conflicts and of untracked files are read from git's output", () => {
  const sha = "a".repeat(40);
  const output = [
    `1 .M N... 100644 100644 100644 ${sha} ${sha} a b.txt`,
    `u UU N... 100644 100644 100644 100644 ${sha} ${sha} ${sha} c d.txt`,
    "? e f.txt",
    "",
  ];
  expect(uncommittedPaths(output.join("\0"))).toEqual(["a b.txt", "c d.txt", "e f.txt"]);
});
