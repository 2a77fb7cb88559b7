import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { restoreFinishedWork, type RestoreOptions } from "./restoreFinishedWork.ts";
import { Mirror } from "./mirror.ts";
import { createGitBench, type GitBench } from "./testing/gitBench.ts";

let bench: GitBench;
/** The commit that the agent finished. */
let saved: string;

beforeAll(async () => {
  bench = await createGitBench();
});
beforeEach(async () => {
  bench = bench.another();
  await bench.ensure();
  saved = await bench.commit("mine.txt", "mine\n");
});
afterAll(async () => {
  await bench.close();
});

const inTree = (path: string) => join(bench.paths.tree, path);
const find = (options: Partial<RestoreOptions> = {}) => {
  const { paths, place, branch, mirror } = bench;
  // Each run has its own mirror object.
  return restoreFinishedWork(new Mirror(mirror.paths, bench.clean), {
    paths,
    place,
    branch,
    saved,
    isFromThisDataFolder: true,
    quarantineSuffix: "quarantineSuffix",
    ...options,
  });
};
const expectBack = async () => {
  expect(await bench.agent(["rev-parse", "HEAD"])).toBe(saved);
  expect(await bench.agent(["status", "--porcelain"])).toBe("");
};

test("finished work is used unchanged", async () => {
  await bench.write("dirty.txt", "dirty\n");
  expect(await find()).toEqual({ kind: "intact" });
  expect(await find({ isFromThisDataFolder: false })).toEqual({ kind: "intact" });
  expect(existsSync(inTree("dirty.txt"))).toBe(true);
});

test("finished work whose folder is missing is restored from the thin repository", async () => {
  await rm(bench.paths.tree, { recursive: true });
  expect(await find()).toMatchObject({ kind: "restored", workspace: { head: saved, quarantined: null } });
  await expectBack();
});

test("finished work is restored even if the issue has another branch by now, and another contributor pushed to the first one", async () => {
  await bench.push(bench.branch, { "theirs.txt": "theirs\n" });
  await bench.mirror.refresh();
  await rm(bench.paths.tree, { recursive: true });
  expect(await find({ branch: `${bench.branch}-2` })).toMatchObject({ kind: "restored", workspace: { head: saved } });
  await expectBack();
  expect(await bench.agent(["rev-parse", "--abbrev-ref", "HEAD"])).toBe(bench.branch);
});

test.each([
  ["missing", () => rm(inTree(".git"))],
  ["rubbish", () => writeFile(inTree(".git"), "rubbish\n")],
])("finished work whose .git is %s is restored, and the files are quarantined", async (_what, damage) => {
  await bench.write("dirty.txt", "dirty\n");
  await damage();
  const found = await find();
  expect(found).toMatchObject({ kind: "restored", workspace: { head: saved } });
  const quarantined = found.kind === "restored" ? (found.workspace.quarantined ?? "") : "";
  expect(await readFile(join(quarantined, "dirty.txt"), "utf8")).toBe("dirty\n");
  await expectBack();
});

test("without a mirror, unsaved finished work is not missing", async () => {
  await bench.agent(["reset", "--soft", await bench.base()]);
  await rm(bench.mirror.paths.dir, { recursive: true });
  expect(await find({ saved: null })).toEqual({ kind: "intact" });
  expect(await bench.agent(["status", "--porcelain"])).toBe("A  mine.txt");
});

test.each([
  ["its repository is missing too", () => rm(bench.paths.gitDir, { recursive: true }), {}],
  ["it was not saved", () => rm(bench.paths.tree, { recursive: true }), { saved: null }],
  ["it was done elsewhere", async () => {}, { saved: "c".repeat(40), isFromThisDataFolder: false }],
  ["it was done elsewhere, and not saved", async () => {}, { saved: null, isFromThisDataFolder: false }],
])("work that cannot be read from this data folder is missing: %s", async (_why, damage, options) => {
  await damage();
  expect(await find(options)).toEqual({ kind: "missing" });
});
