import { existsSync } from "node:fs";
import { readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { randomUUID } from "node:crypto";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";
import { withIncoming } from "../airlock/incoming.ts";
import { mayMeanDamage } from "./damage.ts";
import type { EnsuredWorkspace } from "./ensure.ts";
import { Mirror } from "./mirror.ts";
import { ensureUndamagedWorkspace } from "./ensureUndamagedWorkspace.ts";
import { breakGit } from "./testing/breakGit.ts";
import { createGitBench, type GitBench } from "./testing/gitBench.ts";

let bench: GitBench;
beforeEach(async () => {
  bench = await createGitBench();
  await bench.push("main", { "README.md": "# widgets, the second\n" });
});
afterEach(async () => {
  await bench.close();
});

/** Prepare the workspace as a run does before its agent starts. */
async function prepare(): Promise<{ mirror: Mirror; workspace: EnsuredWorkspace }> {
  const mirror = new Mirror(bench.mirror.paths, bench.clean);
  await mirror.refresh();
  const base = (await mirror.branch("main")) ?? "";
  const published = await mirror.branch(bench.branch);
  await mirror.verify([base], "base/gh-1");
  await mirror.pin("base/gh-1", base);
  const workspace = await ensureUndamagedWorkspace(mirror, {
    paths: bench.paths,
    place: bench.place,
    mirrorDir: mirror.paths.dir,
    goal: { branch: bench.branch, start: published ?? base, isBranchOnGitHub: published !== null },
    quarantineSuffix: randomUUID().slice(0, 8),
  });
  return { mirror, workspace };
}

const inMirror = (path: string) => join(bench.mirror.paths.dir, path);
const kept = async () => {
  const { dir } = bench.mirror.paths;
  return (await readdir(dirname(dir))).filter((name) => name.startsWith(`${basename(dir)}.kept-`));
};
async function objectFile(revision: string): Promise<string> {
  const sha = await bench.agent(["rev-parse", revision], bench.mirror.paths.dir);
  return inMirror(`objects/${sha.slice(0, 2)}/${sha.slice(2)}`);
}
async function onlyPack(): Promise<string> {
  await bench.agent(["repack", "-adq"], bench.mirror.paths.dir);
  const folder = inMirror("objects/pack");
  const name = (await readdir(folder)).find((file) => file.endsWith(".pack")) ?? "";
  await execa("chmod", ["-R", "u+w", folder]);
  return join(folder, name);
}
async function replaceWithFile(path: string): Promise<void> {
  await rm(path, { recursive: true });
  await writeFile(path, "");
}
async function empty(path: string): Promise<void> {
  await rm(path);
  await writeFile(path, "");
}

const DAMAGE: readonly { readonly what: string; readonly how: () => Promise<void> }[] = [
  { what: "HEAD is empty", how: () => empty(inMirror("HEAD")) },
  { what: "the folder of the objects is a file", how: () => replaceWithFile(inMirror("objects")) },
  { what: "the packed refs are no refs", how: () => writeFile(inMirror("packed-refs"), "\0\0\0\n") },
  { what: "a ref is empty", how: () => empty(inMirror("refs/heads/main")) },
  { what: "the newest commit is empty", how: async () => empty(await objectFile("main")) },
  { what: "an older commit is missing", how: async () => rm(await objectFile("main^")) },
  { what: "a folder's object is missing", how: async () => rm(await objectFile("main^{tree}")) },
  { what: "a file's object is missing", how: async () => rm(await objectFile("main:README.md")) },
  { what: "a file's object is empty", how: async () => empty(await objectFile("main:README.md")) },
];

test.each(DAMAGE)("$what: the mirror is quarantined and cloned again, once", async ({ how }) => {
  await bench.mirror.refresh();
  await how();
  const { mirror, workspace } = await prepare();
  expect(workspace.how).toMatch(/^(created|replaced)$/); // A first try may have created a part of the thin repository.
  expect(mirror.quarantined).not.toBeNull();
  expect(await kept()).toEqual([basename(mirror.quarantined ?? "")]);
  await bench.agent(["fsck", "--strict"], mirror.paths.dir);
  expect(await bench.agent(["status", "--porcelain"])).toBe("");
  expect((await prepare()).mirror.quarantined, "an intact mirror is kept").toBeNull();
});

test.each([
  { what: "is missing", how: (pack: string) => rm(pack) },
  { what: "was cut off", how: (pack: string) => truncate(pack, 100) },
  {
    what: "has wrong bytes",
    how: async (pack: string) => {
      const bytes = await readFile(pack);
      await writeFile(pack, bytes.fill(0xff, 100, bytes.length - 40));
    },
  },
])("a pack that $what: all of GitHub's objects are restored", async ({ how }) => {
  await bench.mirror.refresh();
  await how(await onlyPack());
  const { mirror } = await prepare();
  for (const revision of ["main", "main^"]) {
    expect(await bench.agent(["ls-tree", "-r", "--name-only", revision], mirror.paths.dir)).toContain("README.md");
  }
  expect(await readFile(join(bench.paths.tree, "README.md"), "utf8")).toBe("# widgets, the second\n");
});

test("a workspace that borrows from the mirror keeps its commits and its uncommitted files", async () => {
  await prepare();
  const mine = await bench.commit("mine.txt", "mine\n");
  await bench.write("draft.txt", "draft\n");
  for (const name of await readdir(inMirror("objects"))) await rm(inMirror(`objects/${name}`), { recursive: true });
  const { workspace } = await prepare();
  expect(workspace).toMatchObject({ how: "reused", head: mine, quarantined: null });
  expect(await readFile(join(bench.paths.tree, "draft.txt"), "utf8")).toBe("draft\n");
  await bench.agent(["fsck"], bench.paths.gitDir);
});

/** Create a workspace whose base is no longer on a branch of GitHub, with a damaged mirror. @returns the workspace's commit */
async function workOnLostBase(): Promise<string> {
  await prepare();
  const mine = await bench.commit("mine.txt", "mine\n");
  const rewritten = await bench.agent(["commit-tree", "main^{tree}", "-m", "rewritten"], bench.originDir);
  await bench.agent(["update-ref", "refs/heads/main", rewritten], bench.originDir);
  await empty(inMirror("HEAD"));
  return mine;
}

test("commits that a workspace needs and GitHub no longer has are taken from the damaged mirror", async () => {
  const mine = await workOnLostBase();
  const { mirror, workspace } = await prepare();
  expect(mirror.quarantined).not.toBeNull();
  expect(workspace).toMatchObject({ how: "reused", head: mine });
  await bench.agent(["fsck"], bench.paths.gitDir);
});

test.each([
  ["was killed", "kill -9 $$", "git"],
  ["had no space", "echo 'fatal: write error: No space left on device' >&2; exit 128", "disk"],
])("such commits are taken at the next try if the git that fetches them %s", async (_how, shell, kind) => {
  const mine = await workOnLostBase();
  const env = await breakGit(bench.clean.env, { dir: bench.dir, command: "pack-objects", shell });
  const broken = new Mirror(bench.mirror.paths, { ...bench.clean, env });
  await expect(broken.refresh()).rejects.toMatchObject({ failure: { kind } });
  expect((await prepare()).workspace).toMatchObject({ how: "reused", head: mine });
});

test("a new mirror replaces the damaged one even if git reports more damage than is read", async () => {
  await workOnLostBase();
  const shell = "yes 'error: bad object' | head -c 50000 >&2; exit 128";
  const env = await breakGit(bench.clean.env, { dir: bench.dir, command: "pack-objects", shell });
  const broken = new Mirror(bench.mirror.paths, { ...bench.clean, env });
  await broken.refresh();
  expect(broken.quarantined).not.toBeNull();
});

test("if borrowed objects are lost, the workspace is quarantined with its files and created again", async () => {
  await prepare();
  await bench.commit("mine.txt", "mine\n");
  const objects = ["main^{tree}", "main:src", "main:src/a.txt"];
  const old = await Promise.all(objects.map((revision) => objectFile(revision)));
  const rewritten = await bench.push("side", { "README.md": "# other\n" });
  await bench.agent(["update-ref", "refs/heads/main", await orphan(rewritten)], bench.originDir);
  await bench.agent(["branch", "-D", "side"], bench.originDir);
  for (const path of old) await rm(path);
  const { workspace } = await prepare();
  const names = (await readdir(dirname(bench.paths.tree))).filter((name) => name.includes(".kept-"));
  const there = names.map((name) => existsSync(join(dirname(bench.paths.tree), name, "mine.txt")));
  expect(there, "its files are kept").toContain(true);
  expect(workspace.head).toBe(await bench.mirror.branch("main"));
  expect(await bench.agent(["status", "--porcelain"])).toBe("");
  await bench.commit("again.txt", "again\n");
});

async function orphan(revision: string): Promise<string> {
  const blob = await execa("git", ["hash-object", "-w", "--stdin"], { cwd: bench.originDir, input: "new\n" });
  const tree = await execa("git", ["mktree"], { cwd: bench.originDir, input: `100644 blob ${blob.stdout}\tnew.txt\n` });
  expect(revision).not.toBe("");
  return bench.agent(["commit-tree", tree.stdout, "-m", "rewritten"], bench.originDir);
}

test("two runs that find the damage at the same time clone one new mirror", async () => {
  await bench.mirror.refresh();
  const base = await bench.base();
  await rm(await objectFile("main:README.md"));
  const both = [bench.mirror, new Mirror(bench.mirror.paths, bench.clean)];
  await Promise.all(both.map((mirror) => mirror.verify([base], "base/gh-1")));
  expect(both.filter(({ quarantined }) => quarantined !== null)).toHaveLength(1);
  expect(await kept()).toHaveLength(1);
});

test("work can be published even if the mirror was damaged after the work started", async () => {
  const { mirror } = await prepare();
  const baseSha = (await mirror.branch("main")) ?? "";
  const head = await bench.commit("README.md", "# widgets, the third\n");
  await rm(await objectFile("main"));
  const cross = () =>
    withIncoming(
      {
        mirror: mirror.paths,
        clean: bench.clean,
        agent: bench.place,
        tree: bench.paths.tree,
        baseSha,
        known: [],
        runId: "r",
      },
      async (incoming) => incoming.head,
    );
  expect(mayMeanDamage(await cross().catch((error: unknown) => error))).toBe(true);
  expect(await mirror.repair()).toBe(true);
  expect(await cross()).toBe(head);
});
