import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { afterEach, expect, test } from "vitest";
import { lock } from "@tac8/core/process/flock";
import { createGitBench, REPO, type GitBench } from "./testing/gitBench.ts";
import { recordGit } from "./testing/recordGit.ts";
import { Mirror } from "./mirror.ts";

let bench: GitBench;
afterEach(async () => {
  await bench.close();
});

test("a mirror has a default branch that is not main, and the tags, but no refs of pull requests", async () => {
  bench = await createGitBench({ defaultBranch: "trunk" });
  const origin = (...args: string[]) => execa("git", args, { cwd: bench.originDir });
  await origin("tag", "v1", "trunk");
  await origin("update-ref", "refs/pull/1/head", "trunk");
  await bench.mirror.refresh();
  const refs = await bench.agent(["for-each-ref", "--format=%(refname)"], bench.mirror.paths.dir);
  expect(refs).toBe("refs/heads/trunk\nrefs/tags/v1");
  await origin("tag", "-d", "v1");
  await bench.mirror.refresh();
  expect(await bench.agent(["for-each-ref", "refs/tags"], bench.mirror.paths.dir)).toBe("");
  expect(await bench.mirror.branch("trunk")).toBe(bench.github.branches(REPO)["trunk"]);
  expect(await bench.mirror.branch("main")).toBeNull();
  expect(await bench.mirror.file((await bench.mirror.branch("trunk")) ?? "", "README.md")).toBe("# widgets");
});

test("two runners refresh the mirror at the same time, with a pin between them", async () => {
  bench = await createGitBench();
  const other = new Mirror(bench.mirror.paths, { ...bench.clean, url: bench.clean.url.replace("octo", "OCTO") });
  await Promise.all([bench.mirror.refresh(), other.refresh()]);
  const turns = bench.github.requests.map(({ path }) => path.split("/")[1] ?? "");
  const changes = turns.filter((turn, index) => turn !== turns[index - 1]);
  expect(changes.toSorted(), "one after the other").toEqual(["OCTO", "octo"]);
  const base = await bench.base();
  const pushed = await bench.push("feature", { "x.txt": "x\n" });
  await Promise.all([bench.mirror.refresh(), other.pin("base/gh-1", base), other.refresh(), other.unpin("base/gh-2")]);
  expect(await other.branch("feature")).toBe(pushed);
});

test("a branch that is deleted on GitHub is removed, but a pinned commit is kept, also after a gc", async () => {
  bench = await createGitBench();
  const pinned = await bench.push("pinned", { "x.txt": "x\n" });
  const loose = await bench.push("loose", { "y.txt": "y\n" });
  await bench.mirror.refresh();
  await bench.mirror.pin("base/gh-1", pinned);
  for (const name of ["pinned", "loose"]) await execa("git", ["branch", "-D", name], { cwd: bench.originDir });
  await bench.mirror.refresh();
  await bench.agent(["gc", "--quiet", "--prune=now"], bench.mirror.paths.dir);
  expect(await bench.mirror.branch("pinned")).toBeNull();
  expect(await bench.mirror.file(pinned, "x.txt")).toBe("x");
  expect(await bench.mirror.has(loose)).toBe(false);
  await bench.mirror.unpin("base/gh-1");
  await bench.agent(["gc", "--quiet", "--prune=now"], bench.mirror.paths.dir);
  expect(await bench.mirror.has(pinned)).toBe(false);
});

test("locks of a killed fetch do not lock the repository forever", async () => {
  bench = await createGitBench();
  await bench.mirror.refresh();
  const { dir } = bench.mirror.paths;
  for (const name of ["refs/heads/main.lock", "packed-refs.lock", "config.lock"]) {
    await writeFile(join(dir, name), "");
  }
  const pushed = await bench.push("main", { "x.txt": "x\n" });
  await bench.mirror.refresh();
  expect(await bench.base()).toBe(pushed);
});

test("a long fetch reports its progress, because a silent git is ended", async () => {
  bench = await createGitBench();
  // Git handles packs with 100 objects or more differently.
  await bench.push("big", Object.fromEntries(Array.from({ length: 120 }, (_, index) => [`${index}.txt`, `${index}`])));
  const { clean, recorded } = await recordGit(bench.clean, bench.dir, "fetch");
  await new Mirror(bench.mirror.paths, clean).refresh();
  expect(await recorded()).toMatch(/Receiving objects: +100%/);
});

test("while another run fetches, a refresh fails without using an attempt, and pins do not wait", async () => {
  bench = await createGitBench();
  await bench.mirror.refresh();
  const base = await bench.base();
  const { paths } = bench.mirror;
  const held = await lock(paths.lockFile);
  try {
    const mirror = new Mirror(paths, bench.clean, { lockWaitMs: 50 });
    await expect(mirror.refresh()).rejects.toMatchObject({ failure: { kind: "github" } });
    const pins = () => bench.agent(["for-each-ref", "--format=%(refname) %(objectname)", "refs/tac8"], paths.dir);
    await mirror.pin("base/gh-1", base);
    expect(await pins()).toBe(`refs/tac8/base/gh-1 ${base}`);
    await writeFile(join(paths.dir, "refs/tac8/base/gh-1.lock"), ""); // The lock of a killed git.
    await mirror.unpin("base/gh-1");
    expect(await pins()).toBe("");
    const halted = AbortSignal.abort(new Error("halted"));
    await expect(mirror.pin("base/gh-1", base, halted)).rejects.toThrow("halted");
  } finally {
    held.release();
  }
});

test("a refresh does not touch a pin that is being written", async () => {
  bench = await createGitBench();
  await bench.mirror.refresh();
  const { dir } = bench.mirror.paths;
  const locks = ["refs/tac8/base/gh-1.lock", "refs/heads/tac8/x.lock"].map((name) => join(dir, name));
  for (const path of locks) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, "");
  }
  await bench.mirror.refresh();
  expect(locks.map((path) => existsSync(path))).toEqual([true, false]);
});

test("a refresh handles a branch that becomes a folder of branches, and a rewritten history", async () => {
  bench = await createGitBench();
  await bench.push("topic", { "x.txt": "x\n" });
  await bench.mirror.refresh();
  await execa("git", ["branch", "-D", "topic"], { cwd: bench.originDir });
  const deeper = await bench.push("topic/deeper", { "x.txt": "x\n" });
  const rewritten = await bench.agent(["commit-tree", "main^{tree}", "-m", "rewritten"], bench.originDir);
  await bench.agent(["update-ref", "refs/heads/main", rewritten], bench.originDir);
  await bench.mirror.refresh();
  expect(await bench.mirror.branch("topic")).toBeNull();
  expect(await bench.mirror.branch("topic/deeper")).toBe(deeper);
  expect(await bench.base()).toBe(rewritten);
});

test("an old repository whose history does not pass git's checks can be used", async () => {
  bench = await createGitBench();
  const blob = await bench.agent(["rev-parse", "main:README.md"], bench.originDir);
  const padded = Buffer.concat([Buffer.from("0100644 README.md\0"), Buffer.from(blob, "hex")]);
  const made = await execa("git", ["hash-object", "-w", "-t", "tree", "--literally", "--stdin"], {
    cwd: bench.originDir,
    input: padded,
  });
  const old = await bench.agent(["commit-tree", made.stdout, "-m", "from 2006"], bench.originDir);
  await bench.agent(["update-ref", "refs/heads/main", old], bench.originDir);
  await bench.mirror.refresh();
  expect(await bench.base()).toBe(old);
});
