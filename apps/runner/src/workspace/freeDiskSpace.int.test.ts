import { existsSync } from "node:fs";
import { mkdir, symlink, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freeDiskSpace } from "./freeDiskSpace.ts";
import { createGitBench, type GitBench } from "./testing/gitBench.ts";

let bench: GitBench;
beforeEach(async () => {
  bench = await createGitBench();
  await bench.ensure();
});
afterEach(() => bench.close());

const inTree = (path: string) => join(bench.paths.tree, path);
const GITHUB_LIMIT = 95_000_000;

async function file(path: string, size = 1): Promise<void> {
  await mkdir(dirname(inTree(path)), { recursive: true });
  await writeFile(inTree(path), "x");
  await truncate(inTree(path), size);
}

/** Make room. @param enough number of steps after which there is enough space */
async function room(enough = Infinity): Promise<string[]> {
  let asked = 0;
  const isShort = () => Promise.resolve((asked += 1) <= enough);
  return (await freeDiskSpace({ ...bench.paths, place: bench.place, isShort })).toSorted();
}

const IGNORED_OUTPUTS = ["node_modules/a/index.js", "app/.venv/bin/python", "target/debug/app"];
const OUTPUTS = ["lib/__pycache__/a.pyc", "mod.pyc"];
const DUMPS = ["core.123", "heap.hprof", "deep/.a.txt.swp"];
const TOO_LARGE = ["filler.bin", "deep/ä *.bin"];

async function fill(): Promise<void> {
  await bench.commit(".gitignore", "node_modules/\n.venv/\ntarget/\n.env\n*.db\nprivate/\ndist/\n");
  for (const path of [...IGNORED_OUTPUTS, ...OUTPUTS, ...DUMPS]) await file(path);
  for (const path of TOO_LARGE) await file(path, GITHUB_LIMIT + 1);
}

test("generated files, dumps and files that are too large for GitHub are removed", async () => {
  await fill();
  const removed = ["node_modules/", "app/.venv/", "target/", "lib/__pycache__/", "mod.pyc", ...DUMPS, ...TOO_LARGE];
  expect(await room()).toEqual(removed.toSorted());
  const all = [...IGNORED_OUTPUTS, ...OUTPUTS, ...DUMPS, ...TOO_LARGE];
  expect(all.filter((path) => existsSync(inTree(path)))).toEqual([]);
});

test("each step runs only while disk space is still short", async () => {
  await fill();
  expect(await room(0)).toEqual([]);
  expect(await room(1)).toEqual(["app/.venv/", "node_modules/", "target/"]);
  expect([...OUTPUTS, ...DUMPS, ...TOO_LARGE].filter((path) => !existsSync(inTree(path)))).toEqual([]);
  expect(await room(2)).toEqual(["lib/__pycache__/", "mod.pyc"]);
  expect(await room(3)).toEqual(DUMPS.toSorted());
  expect(TOO_LARGE.filter((path) => !existsSync(inTree(path)))).toEqual([]);
});

test("files that may be work are kept, even if disk space is still short", async () => {
  await bench.commit(".gitignore", "node_modules/\n.env\n*.db\nprivate/\nvendor/\n*.log\n");
  await bench.commit("tracked.bin", "small\n");
  await bench.agent(["init", "--quiet", inTree("nested")]);
  const work: [string, number?][] = [
    ["new.txt"],
    ["tracked.bin", GITHUB_LIMIT + 1],
    [".env"],
    ["data/notes.db", 20_000_000],
    ["private/draft.md"],
    ["vendor/lib.c"],
    ["dist.md"],
    ["run.log"],
    ["model.bin", GITHUB_LIMIT],
    ["video.mp4", 6_000_000],
    ["nested/a.txt"],
  ];
  // Together they exceed the limit of one commit.
  for (let n = 0; n < 15; n += 1) work.push([`together/${n}.bin`, 4_000_000]);
  for (const [path, size] of work) await file(path, size);
  await file("outside.txt");
  await symlink(inTree("outside.txt"), inTree("link"));
  expect(await room()).toEqual([]);
  const kept = [...work.map(([path]) => path), "outside.txt", "link"];
  expect(kept.filter((path) => !existsSync(inTree(path)))).toEqual([]);
});
