import { existsSync } from "node:fs";
import { chmod, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { readQuestion } from "./privateFiles.ts";
import { findConflicts, saveWork, type Saved } from "./save.ts";
import { createGitBench, type GitBench } from "./testing/gitBench.ts";

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

async function save(): Promise<Saved> {
  return saveWork({ ...bench.paths, side: bench.side, baseSha: await bench.base(), message: "the rest" });
}

const inTree = (path: string) => join(bench.paths.tree, path);

/** What a pull request of the saved commit would change, as `status path`. */
async function changes(): Promise<string[]> {
  const said = await bench.agent(["diff", "--name-status", "--no-renames", await bench.base(), "HEAD"]);
  return said.split("\n").filter((line) => line !== "");
}

test("nothing to save", async () => {
  const base = await bench.base();
  expect(await save()).toEqual({ head: base, before: base, unsaved: [] });
});

test("what a killed git of the agent's left locked is saved all the same", async () => {
  await bench.write("new.txt", "new\n");
  const lock = join(bench.paths.gitDir, "worktrees", bench.name, "index.lock");
  await writeFile(lock, "");
  await expect(bench.agent(["add", "--all"])).rejects.toThrow(/index.lock/);
  await save();
  expect(await changes()).toEqual(["A\tnew.txt"]);
});

test("changed, new, deleted and linked files are saved; ignored ones are not", async () => {
  await bench.write("README.md", "changed\n");
  await bench.write("new.txt", "new\n");
  await bench.write("debug.log", "ignored\n");
  await rm(inTree("src/a.txt"));
  await symlink("README.md", inTree("link"));
  const saved = await save();
  expect(saved).toMatchObject({ before: await bench.base(), unsaved: [] });
  expect(saved.head).toBe(await bench.agent(["rev-parse", "HEAD"]));
  expect(await changes()).toEqual(["M\tREADME.md", "A\tlink", "A\tnew.txt", "D\tsrc/a.txt"].sort(byPath));
  expect(await bench.agent(["log", "-1", "--format=%an %s"])).toBe("agent the rest");
  expect(await bench.agent(["status", "--porcelain"])).toBe("");
  expect(await save()).toEqual({ ...saved, before: saved.head });
});

const byPath = (a: string, b: string) => (a.slice(2) < b.slice(2) ? -1 : 1);

test("the agent's own commits stay as they are", async () => {
  const mine = await bench.commit("mine.txt", "mine\n");
  expect(await save()).toEqual({ head: mine, before: mine, unsaved: [] });
});

test.each([
  ["left lying", async () => {}],
  ["staged", () => bench.agent(["add", "BLOCKED.md", "STOP"])],
  ["committed", () => bench.agent(["add", "."]).then(() => bench.agent(["commit", "--quiet", "-m", "oops"]))],
])("BLOCKED.md and STOP that were %s are in no commit that is left", async (_how, before) => {
  await bench.write("BLOCKED.md", "Which one?\n");
  await bench.write("STOP", "");
  await bench.write("work.txt", "work\n");
  await before();
  await save();
  expect(await changes()).toEqual(["A\twork.txt"]);
  expect(await readQuestion(bench.paths.tree)).toBe("Which one?\n");
});

test("a folder named STOP is none of the project's either", async () => {
  await mkdir(inTree("STOP"));
  await bench.write("STOP/x.txt", "x\n");
  await bench.commit("work.txt", "work\n");
  await save();
  expect(await changes()).toEqual(["A\twork.txt"]);
});

test.each([
  ["without a commit", async () => {}],
  ["with commits", (dir: string) => bench.agent(["commit", "--quiet", "--allow-empty", "-m", "x"], dir)],
])("a repository %s inside the repository is said, and all else is saved", async (_which, before) => {
  const nested = inTree("vendor/[nested] one");
  await bench.agent(["init", "--quiet", nested]);
  await before(nested);
  await writeFile(join(nested, "inside.txt"), "inside\n");
  await bench.write("work.txt", "work\n");
  expect((await save()).unsaved).toEqual(["vendor/[nested] one"]);
  expect(await changes()).toEqual(["A\twork.txt"]);
  expect(existsSync(join(nested, "inside.txt"))).toBe(true);
});

test("a file that became a repository stays a file in the pull request", async () => {
  await rm(inTree("src/a.txt"));
  await bench.agent(["init", "--quiet", inTree("src/a.txt")]);
  await bench.agent(["commit", "--quiet", "--allow-empty", "-m", "x"], inTree("src/a.txt"));
  await bench.agent(["add", "--all"]);
  await bench.write("work.txt", "work\n");
  expect((await save()).unsaved).toEqual(["src/a.txt"]);
  expect(await changes()).toEqual(["A\twork.txt"]);
});

test.each(["core.hooksPath", "the hooks folder"])("hooks by %s do not run", async (how) => {
  const witness = join(bench.dir, `hook-ran-${bench.name}`);
  const hooks = how === "core.hooksPath" ? join(bench.dir, `hooks-${bench.name}`) : join(bench.paths.gitDir, "hooks");
  await mkdir(hooks, { recursive: true });
  for (const name of ["pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "post-index-change"]) {
    await writeFile(join(hooks, name), `#!/bin/sh\necho ${name} >> ${witness}\n`);
    await chmod(join(hooks, name), 0o755);
  }
  if (how === "core.hooksPath") await bench.agent(["config", "core.hooksPath", hooks]);
  await bench.write("work.txt", "work\n");
  await save();
  expect(existsSync(witness)).toBe(false);
  await bench.commit("more.txt", "more\n");
  expect(existsSync(witness), "the hooks would have run").toBe(true);
});

test("signing that is configured does not stop it", async () => {
  await bench.agent(["config", "commit.gpgSign", "true"]);
  await bench.agent(["config", "gpg.program", "/bin/false"]);
  await bench.write("work.txt", "work\n");
  const { before, head } = await save();
  expect(head).not.toBe(before);
});

test.each(["merge", "rebase", "cherry-pick"])("in the middle of a %s that conflicts", async (how) => {
  await bench.commit("src/a.txt", "mine\n");
  await bench.agent(["branch", "mine"]);
  await bench.agent(["checkout", "--quiet", "-b", "theirs", "HEAD~1"]);
  await bench.commit("src/a.txt", "theirs\n");
  await expect(bench.agent([how, "mine"])).rejects.toThrow(/conflict/i);
  await bench.write("work.txt", "work\n");
  expect(await findConflicts({ tree: bench.paths.tree, side: bench.side })).toEqual(["src/a.txt"]);
  const { before, head } = await save();
  expect(head).not.toBe(before);
  expect(await changes()).toContain("A\twork.txt");
  expect(await bench.agent(["show", "HEAD:src/a.txt"])).toContain("<<<<<<<");
});

test("a conflict that was resolved, and not staged, is none", async () => {
  await bench.commit("src/a.txt", "mine\n");
  await bench.agent(["branch", "mine"]);
  await bench.agent(["checkout", "--quiet", "-b", "theirs", "HEAD~1"]);
  await bench.commit("src/a.txt", "theirs\n");
  await expect(bench.agent(["merge", "mine"])).rejects.toThrow(/conflict/i);
  await bench.write("src/a.txt", "both\n");
  expect(await findConflicts({ tree: bench.paths.tree, side: bench.side })).toEqual([]);
});

test("where the agent deleted .git, nothing around the workspace is committed", async () => {
  await bench.agent(["init", "--quiet", bench.dir], bench.dir);
  await writeFile(join(bench.dir, "secret.txt"), "secret\n");
  await rm(inTree(".git"));
  await expect(save()).rejects.toThrow("saving the work in the workspace: not a git repository");
  expect(await bench.agent(["status", "--porcelain", "secret.txt"], bench.dir)).toBe("?? secret.txt");
});

test("a question is read from a plain file only", async () => {
  expect(await readQuestion(bench.paths.tree)).toBeNull();
  await writeFile(join(bench.dir, "some-file"), "secret\n");
  await symlink(join(bench.dir, "some-file"), inTree("BLOCKED.md"));
  expect(await readQuestion(bench.paths.tree)).toBeNull();
  await rm(inTree("BLOCKED.md"));
  await mkdir(inTree("BLOCKED.md"));
  expect(await readQuestion(bench.paths.tree)).toBeNull();
  await rm(inTree("BLOCKED.md"), { recursive: true });
  await bench.write("BLOCKED.md", "?".repeat(100_000));
  expect(await readQuestion(bench.paths.tree)).toHaveLength(64 * 1024);
});

test("where the project has such files of its own, they stay as the base has them", async () => {
  await bench.push("main", { "BLOCKED.md": "ours\n", STOP: "ours\n" });
  await bench.ensure();
  await rm(inTree("STOP"));
  await bench.commit("BLOCKED.md", "Which one?\n");
  await bench.write("work.txt", "work\n");
  await save();
  expect(await changes()).toEqual(["A\twork.txt"]);
});
