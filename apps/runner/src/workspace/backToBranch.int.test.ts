import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { backToBranch } from "./backToBranch.ts";
import { saveWork } from "./save.ts";
import { createGitBench, type GitBench } from "./testing/gitBench.ts";

let bench: GitBench;
/** Three commits of the agent, on its branch. */
let commits: string[];

beforeAll(async () => {
  bench = await createGitBench();
});
beforeEach(async () => {
  bench = bench.another();
  await bench.ensure();
  commits = [];
  for (const name of ["one.txt", "two.txt", "three.txt"]) commits.push(await bench.commit(name, `${name}\n`));
});
afterAll(async () => {
  await bench.close();
});

const inTree = (path: string) => join(bench.paths.tree, path);
const nth = (index: number) => commits.at(index) ?? "";

/** Save the work and return to the branch, as after an agent. */
async function back(): Promise<{ head: string; quarantined: string | null }> {
  const { paths, place, branch } = bench;
  const saved = await saveWork({ ...paths, place, baseSha: await bench.base(), message: "the rest" });
  return backToBranch({
    ...paths,
    place,
    branch,
    headOfAgent: saved.before ?? "",
    head: saved.head,
    quarantineSuffix: "run",
  });
}

async function isGood(head: string): Promise<void> {
  expect(await bench.agent(["symbolic-ref", "--short", "HEAD"])).toBe(bench.branch);
  expect(await bench.agent(["rev-parse", "HEAD"])).toBe(head);
  expect(await bench.agent(["status", "--porcelain"])).toBe("");
}

/** Start a rebase that stops before its second commit is made again. */
const rebase = (command: string) =>
  bench.agent(["rebase", "--quiet", "--exec", command, `${nth(0)}^`]).catch(() => undefined);

test.each([
  ["an older commit", () => bench.agent(["checkout", "--quiet", "HEAD~2"])],
  [
    "another branch, which has none of the work",
    () => bench.agent(["checkout", "--quiet", "-b", "reading", `${nth(0)}^`]),
  ],
  ["a stopped rebase", () => rebase("false")],
])("an agent that ends at %s has its work on the branch", async (_where, go) => {
  await go();
  expect(await back()).toEqual({ head: nth(-1), quarantined: null });
  await isGood(nth(-1));
  expect(await bench.agent(["status"])).not.toContain("rebase");
});

test("uncommitted changes are put on top of the branch", async () => {
  await bench.agent(["checkout", "--quiet", "HEAD~1"]);
  await bench.write("found.txt", "found\n");
  const { head, quarantined } = await back();
  expect(quarantined).toBeNull();
  await isGood(head);
  expect(await bench.agent(["log", "--format=%s", "-2"])).toBe("the rest\nchange three.txt");
  expect(await readFile(inTree("found.txt"), "utf8")).toBe("found\n");
  expect(existsSync(inTree("three.txt"))).toBe(true);
});

test("uncommitted changes that conflict are put on a separate branch", async () => {
  await bench.agent(["checkout", "--quiet", "HEAD~1"]);
  await bench.write("three.txt", "another three\n");
  const { head, quarantined } = await back();
  expect([head, quarantined]).toEqual([nth(-1), `${bench.branch}.aside-run`]);
  await isGood(nth(-1));
  expect(await bench.agent(["show", `${quarantined ?? ""}:three.txt`])).toBe("another three");
});

test.each([
  ["a branch of the agent with all of the work", () => bench.agent(["checkout", "--quiet", "-b", "mine"])],
  ["a detached HEAD with all of the work", () => bench.agent(["checkout", "--quiet", "--detach"])],
])("%s is not changed", async (_where, go) => {
  await go();
  const head = await bench.commit("four.txt", "four\n");
  expect(await back()).toEqual({ head, quarantined: null });
});

test.each([
  ["on the branch", () => bench.agent(["reset", "--quiet", "--hard", "HEAD~2"])],
  ["on a branch of its own", () => bench.agent(["checkout", "--quiet", "-b", "rewritten", "HEAD~2"])],
])("a history that the agent rewrote %s is its work", async (_where, go) => {
  await go();
  const head = await bench.commit("four.txt", "four\n");
  expect(await back()).toEqual({ head, quarantined: null });
});

test("a branch that the agent deleted is not missing", async () => {
  await bench.agent(["checkout", "--quiet", "--detach", "HEAD~1"]);
  await bench.agent(["branch", "-D", bench.branch]);
  expect(await back()).toEqual({ head: nth(1), quarantined: null });
});
