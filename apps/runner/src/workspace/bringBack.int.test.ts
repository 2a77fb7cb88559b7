import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { bringBack, type BringBackOptions } from "./bringBack.ts";
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
const find = (options: Partial<BringBackOptions> = {}) => {
  const { paths, place, branch, mirror } = bench;
  // A run has one of its own.
  return bringBack(new Mirror(mirror.paths, bench.clean), {
    paths,
    place,
    branch,
    saved,
    ours: true,
    stamp: "stamp",
    ...options,
  });
};
const expectBack = async () => {
  expect(await bench.agent(["rev-parse", "HEAD"])).toBe(saved);
  expect(await bench.agent(["status", "--porcelain"])).toBe("");
};

test("finished work is taken as it is", async () => {
  await bench.write("dirty.txt", "dirty\n");
  expect(await find()).toEqual({ kind: "there" });
  expect(await find({ ours: false })).toEqual({ kind: "there" });
  expect(existsSync(inTree("dirty.txt"))).toBe(true);
});

test("finished work whose folder is gone comes back from the thin repository", async () => {
  await rm(bench.paths.tree, { recursive: true });
  expect(await find()).toMatchObject({ kind: "back", workspace: { head: saved, quarantined: null } });
  await expectBack();
});

test("… also when the issue goes to another branch by now, and somebody has pushed to the first", async () => {
  await bench.push(bench.branch, { "theirs.txt": "theirs\n" });
  await bench.mirror.refresh();
  await rm(bench.paths.tree, { recursive: true });
  expect(await find({ branch: `${bench.branch}-2` })).toMatchObject({ kind: "back", workspace: { head: saved } });
  await expectBack();
  expect(await bench.agent(["rev-parse", "--abbrev-ref", "HEAD"])).toBe(bench.branch);
});

test.each([
  ["gone", () => rm(inTree(".git"))],
  ["rubbish", () => writeFile(inTree(".git"), "rubbish\n")],
])("finished work whose .git is %s comes back, and the files are put aside", async (_what, damage) => {
  await bench.write("dirty.txt", "dirty\n");
  await damage();
  const found = await find();
  expect(found).toMatchObject({ kind: "back", workspace: { head: saved } });
  const quarantined = found.kind === "back" ? (found.workspace.quarantined ?? "") : "";
  expect(await readFile(join(quarantined, "dirty.txt"), "utf8")).toBe("dirty\n");
  await expectBack();
});

test("a mirror that is gone does not make finished work missing that was not saved", async () => {
  await bench.agent(["reset", "--soft", await bench.base()]);
  await rm(bench.mirror.paths.dir, { recursive: true });
  expect(await find({ saved: null })).toEqual({ kind: "there" });
  expect(await bench.agent(["status", "--porcelain"])).toBe("A  mine.txt");
});

test.each([
  ["its repository is gone too", () => rm(bench.paths.gitDir, { recursive: true }), {}],
  ["it was not saved", () => rm(bench.paths.tree, { recursive: true }), { saved: null }],
  ["it was done elsewhere", async () => {}, { saved: "c".repeat(40), ours: false }],
  ["it was done elsewhere, and not saved", async () => {}, { saved: null, ours: false }],
])("missing is what nobody can take from here: %s", async (_why, damage, options) => {
  await damage();
  expect(await find(options)).toEqual({ kind: "missing" });
});
