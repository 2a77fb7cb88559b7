import { existsSync } from "node:fs";
import { mkdir, symlink, truncate } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeRoom } from "./makeRoom.ts";
import { createGitBench, type GitBench } from "./testing/gitBench.ts";

let bench: GitBench;
beforeEach(async () => {
  bench = await createGitBench();
  await bench.ensure();
});
afterEach(() => bench.close());

const inTree = (path: string) => join(bench.paths.tree, path);

async function huge(path: string): Promise<void> {
  await bench.write(path, "");
  await truncate(inTree(path), 200_000_000);
}

test("what is too large for a commit, and what git ignores, makes room; work stays", async () => {
  await bench.write(".gitignore", "build/\n");
  await bench.write("new.txt", "new\n");
  await mkdir(inTree("build"));
  await bench.write("build/out.o", "out\n");
  await bench.commit("tracked.bin", "small\n");
  await huge("tracked.bin");
  await huge("filler.bin");
  await mkdir(inTree("deep"));
  await huge("deep/ä *.bin");
  await mkdir(inTree("nested"));
  await bench.agent(["init", "--quiet", inTree("nested")]);
  await bench.write("nested/a.txt", "a\n");
  await bench.write("outside.txt", "outside\n");
  await symlink(inTree("outside.txt"), inTree("link"));
  expect((await makeRoom({ ...bench.paths, place: bench.place })).toSorted()).toEqual(
    ["deep/ä *.bin", "filler.bin"].toSorted(),
  );
  const left = [
    "new.txt",
    "build/out.o",
    "tracked.bin",
    "filler.bin",
    "deep/ä *.bin",
    "nested/a.txt",
    "outside.txt",
    "link",
  ];
  expect(left.filter((path) => existsSync(inTree(path)))).toEqual([
    "new.txt",
    "tracked.bin",
    "nested/a.txt",
    "outside.txt",
    "link",
  ]);
});
