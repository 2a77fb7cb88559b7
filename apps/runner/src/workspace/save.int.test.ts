import { existsSync } from "node:fs";
import { chmod, mkdir, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { execa } from "execa";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readQuestion } from "./messageFiles.ts";
import { findConflicts, saveWork, type Saved } from "./save.ts";
import { readUncommitted } from "./uncommitted.ts";
import { asNobody } from "./testing/asNobody.ts";
import { PLACE_KINDS } from "../agentPlace/testing/places.ts";
import { createGitBench, type GitBench } from "./testing/gitBench.ts";

describe.each(PLACE_KINDS)("in a place of the kind %s:", (kind) => {
  let bench: GitBench;
  beforeAll(async () => {
    bench = await createGitBench({ kind });
  });
  beforeEach(async () => {
    bench = bench.another();
    await bench.ensure();
  });
  afterAll(async () => {
    await bench.close();
  });

  async function save(): Promise<Saved> {
    return saveWork({ ...bench.paths, place: bench.place, baseSha: await bench.base(), message: "the rest" });
  }

  const conflicts = async (): Promise<string[]> => {
    const where = { tree: bench.paths.tree, place: bench.place };
    return findConflicts(where, (await readUncommitted(where)).unmerged);
  };

  const inTree = (path: string) => join(bench.paths.tree, path);

  /** Return the changes that a pull request of the saved commit would show, as `status path`. */
  async function changes(): Promise<string[]> {
    const output = await bench.agent(["diff", "--name-status", "--no-renames", await bench.base(), "HEAD"]);
    return output.split("\n").filter((line) => line !== "");
  }

  test("without changes, no commit is made", async () => {
    const base = await bench.base();
    expect(await save()).toEqual({ head: base, branch: bench.branch, before: base, added: [], unsaved: [] });
  });

  test("work is saved despite locks of a killed git of the agent", async () => {
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
    const added = ["README.md", "link", "new.txt", "src/a.txt"];
    expect(saved).toMatchObject({ before: await bench.base(), added, unsaved: [] });
    expect(saved.head).toBe(await bench.agent(["rev-parse", "HEAD"]));
    expect(await changes()).toEqual(["M\tREADME.md", "A\tlink", "A\tnew.txt", "D\tsrc/a.txt"].sort(byPath));
    expect(await bench.agent(["log", "-1", "--format=%an %s"])).toBe("agent the rest");
    expect(await bench.agent(["status", "--porcelain"])).toBe("");
    expect(await save()).toEqual({ ...saved, added: [], before: saved.head });
  });

  const byPath = (a: string, b: string) => (a.slice(2) < b.slice(2) ? -1 : 1);

  test("the agent's own commits are not changed", async () => {
    const mine = await bench.commit("mine.txt", "mine\n");
    expect(await save()).toEqual({ head: mine, branch: bench.branch, before: mine, added: [], unsaved: [] });
  });

  test.each([
    ["left lying", async () => {}],
    ["staged", () => bench.agent(["add", "BLOCKED.md", "STOP"])],
    ["committed", () => bench.agent(["add", "."]).then(() => bench.agent(["commit", "--quiet", "-m", "oops"]))],
  ])("BLOCKED.md and STOP that were %s are in no remaining commit", async (_how, before) => {
    await bench.write("BLOCKED.md", "Which one?\n");
    await bench.write("STOP", "");
    await bench.write("work.txt", "work\n");
    await before();
    await save();
    expect(await changes()).toEqual(["A\twork.txt"]);
    expect(await readQuestion(bench.place, bench.paths.tree)).toBe("Which one?\n");
  });

  test("a folder named STOP is not committed either", async () => {
    await mkdir(inTree("STOP"));
    await bench.write("STOP/x.txt", "x\n");
    await bench.commit("work.txt", "work\n");
    await save();
    expect(await changes()).toEqual(["A\twork.txt"]);
  });

  test.each([
    ["without a commit", async () => {}],
    ["with commits", (dir: string) => bench.agent(["commit", "--quiet", "--allow-empty", "-m", "x"], dir)],
  ])("a repository %s inside the repository is reported, and the other files are saved", async (_which, before) => {
    const nested = inTree("vendor/[nested] one");
    await bench.agent(["init", "--quiet", nested]);
    await before(nested);
    await writeFile(join(nested, "inside.txt"), "inside\n");
    await bench.write("work.txt", "work\n");
    expect((await save()).unsaved).toEqual([{ path: "vendor/[nested] one", why: "repository" }]);
    expect(await changes()).toEqual(["A\twork.txt"]);
    expect(existsSync(join(nested, "inside.txt"))).toBe(true);
  });

  test("a file that became a repository is still a file in the pull request", async () => {
    await rm(inTree("src/a.txt"));
    await bench.agent(["init", "--quiet", inTree("src/a.txt")]);
    await bench.agent(["commit", "--quiet", "--allow-empty", "-m", "x"], inTree("src/a.txt"));
    await bench.agent(["add", "--all"]);
    await bench.write("work.txt", "work\n");
    expect((await save()).unsaved).toEqual([{ path: "src/a.txt", why: "repository" }]);
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

  test("configured signing does not prevent the commit", async () => {
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
    expect(await conflicts()).toEqual(["src/a.txt"]);
    const { before, head } = await save();
    expect(head).not.toBe(before);
    expect(await changes()).toContain("A\twork.txt");
    expect(await bench.agent(["show", "HEAD:src/a.txt"])).toContain("<<<<<<<");
  });

  test("a conflict that was resolved but not staged does not count", async () => {
    await bench.commit("src/a.txt", "mine\n");
    await bench.agent(["branch", "mine"]);
    await bench.agent(["checkout", "--quiet", "-b", "theirs", "HEAD~1"]);
    await bench.commit("src/a.txt", "theirs\n");
    await expect(bench.agent(["merge", "mine"])).rejects.toThrow(/conflict/i);
    await bench.write("src/a.txt", "both\n");
    expect(await conflicts()).toEqual([]);
  });

  test("if the agent deleted .git, nothing outside the workspace is committed", async () => {
    await bench.agent(["init", "--quiet", bench.dir], bench.dir);
    await writeFile(join(bench.dir, "secret.txt"), "secret\n");
    await rm(inTree(".git"));
    await expect(save()).rejects.toThrow("saving the work in the workspace: not a git repository");
    expect(await bench.agent(["status", "--porcelain", "secret.txt"], bench.dir)).toBe("?? secret.txt");
  });

  test("a question is read from a plain file only", async () => {
    expect(await readQuestion(bench.place, bench.paths.tree)).toBeNull();
    await writeFile(join(bench.dir, "some-file"), "secret\n");
    await symlink(join(bench.dir, "some-file"), inTree("BLOCKED.md"));
    expect(await readQuestion(bench.place, bench.paths.tree)).toBeNull();
    await rm(inTree("BLOCKED.md"));
    await mkdir(inTree("BLOCKED.md"));
    expect(await readQuestion(bench.place, bench.paths.tree)).toBeNull();
    await rm(inTree("BLOCKED.md"), { recursive: true });
    await bench.write("BLOCKED.md", "?".repeat(100_000));
    expect(await readQuestion(bench.place, bench.paths.tree)).toHaveLength(64 * 1024);
  });

  test("such files of the project itself are committed with the content of the base", async () => {
    await bench.push("main", { "BLOCKED.md": "ours\n", STOP: "ours\n" });
    await bench.ensure();
    await rm(inTree("STOP"));
    await bench.commit("BLOCKED.md", "Which one?\n");
    await bench.write("work.txt", "work\n");
    await save();
    expect(await changes()).toEqual(["A\twork.txt"]);
  });

  /** Do work with a separate bench, whose folder and processes belong to a user without rights. */
  async function unprivileged(work: () => Promise<void>): Promise<void> {
    const shared = bench;
    bench = await createGitBench({ kind });
    try {
      await bench.ensure();
      await asNobody(bench.dir, async () => {
        bench = bench.renewed();
        await work();
      });
    } finally {
      await bench.close();
      bench = shared;
    }
  }

  const left = ({ unsaved }: Saved) => Object.fromEntries(unsaved.map(({ path, why }) => [path, why]));

  fieldTest("B2", "files that cannot be read are reported, and the other files are saved", async () => {
    await unprivileged(async () => {
      const mine = await bench.commit("mine.txt", "mine\n");
      await bench.write("locked.txt", "x\n");
      await bench.write("README.md", "changed\n");
      await bench.write("work.txt", "work\n");
      await mkdir(inTree("closed"));
      await writeFile(inTree("closed/inside.txt"), "x\n");
      await chmod(inTree("closed"), 0o000);
      for (const name of ["locked.txt", "README.md"]) await chmod(inTree(name), 0o000);
      const saved = await save();
      expect(left(saved)).toEqual({ "closed/": "unreadable", "locked.txt": "unreadable", "README.md": "unreadable" });
      expect(await changes()).toEqual(["A\tmine.txt", "A\twork.txt"]);
      expect(saved.before).toBe(mine);
      // A second save reports the same files, and there is nothing to commit.
      expect(await save()).toEqual({ ...saved, before: saved.head, added: [] });
      await chmod(inTree("closed"), 0o700);
    });
  });

  fieldTest("B2", "files that cannot be read do not affect committed work", async () => {
    await unprivileged(async () => {
      const mine = await bench.commit("mine.txt", "mine\n");
      await bench.write("locked.txt", "x\n");
      await chmod(inTree("locked.txt"), 0o000);
      expect(await save()).toMatchObject({ head: mine, unsaved: [{ path: "locked.txt", why: "unreadable" }] });
    });
  });

  test("the staged content of a file that can no longer be read is saved", async () => {
    await unprivileged(async () => {
      await bench.write("locked.txt", "x\n");
      await bench.agent(["add", "locked.txt"]);
      await chmod(inTree("locked.txt"), 0o000);
      const saved = await save();
      expect(left(saved)).toEqual({ "locked.txt": "unreadable" });
      expect(await changes()).toEqual(["A\tlocked.txt"]);
    });
  });

  fieldTest("B2", "pipes, and a file that became a pipe, block nothing", async () => {
    await rm(inTree("src/a.txt"));
    await execa("mkfifo", [inTree("src/a.txt"), inTree("pipe")]);
    await bench.write("work.txt", "work\n");
    expect(left(await save())).toEqual({ "src/a.txt": "special" });
    expect(await changes()).toEqual(["A\twork.txt"]);
  });

  fieldTest("B2", "a path that is too long for a program is reported, and the other files are saved", async () => {
    const script = "mkdir deep; cd deep; for i in $(seq 25); do mkdir $0 && cd $0 || exit 1; done; echo x > x.txt";
    await execa("bash", ["-c", script, "d".repeat(200)], { cwd: bench.paths.tree });
    try {
      await bench.write("work.txt", "work\n");
      expect(Object.values(left(await save()))).toEqual(["unreadable"]);
      expect(await changes()).toEqual(["A\twork.txt"]);
    } finally {
      await bench.place.remove(inTree("deep"));
    }
    expect(existsSync(inTree("deep"))).toBe(false);
  });

  test("names with line breaks, tabs, quotes and invalid UTF-8 are saved unchanged", async () => {
    const script = String.raw`for name in 'a\nb' 'a\tb' 'a"b' 'bad\377name' ':(top)x' '*'; do printf x > "$(printf "$name")"; done`;
    await execa("sh", ["-c", script], { cwd: bench.paths.tree });
    const saved = await save();
    expect(saved.unsaved).toEqual([]);
    expect(saved.added).toHaveLength(6);
    expect(await bench.agent(["status", "--porcelain"])).toBe("");
  });

  const KEY = `-----BEGIN OPENSSH PRIVATE KEY-----\n${"x".repeat(60)}\n`;

  fieldTest("B3", "secrets, huge and generated files and empty dotfiles are not committed, but reported", async () => {
    await bench.commit("mine.txt", "mine\n");
    for (const folder of ["node_modules/a", "src/__pycache__", "dist"])
      await mkdir(inTree(folder), { recursive: true });
    await bench.write(".env", "API_KEY=abc\n");
    await bench.write(".env.example", "API_KEY=\n");
    await bench.write("deploy", KEY);
    await bench.write("node_modules/a/index.js", "1\n");
    await bench.write("node_modules/.env", "API_KEY=abc\n");
    await bench.write("src/__pycache__/a.pyc", "1\n");
    await bench.write("dist/out.js", "1\n");
    await bench.write(".bashrc", "");
    await bench.write(".gitkeep", "");
    await bench.write(".a.txt.swp", "x\n");
    await bench.write("core", "");
    await truncate(inTree("core"), 30_000_000);
    await bench.write("src/new.ts", "export const a = 1;\n");
    await bench.write("work.txt", "work\n");
    const saved = await save();
    expect(left(saved)).toEqual({
      ".a.txt.swp": "temporary",
      ".bashrc": "empty",
      ".env": "secret",
      core: "huge",
      deploy: "secret",
      "dist/": "generated",
      "node_modules/": "generated",
      "src/__pycache__/": "generated",
    });
    expect(saved.added).toEqual([".env.example", ".gitkeep", "src/new.ts", "work.txt"]);
    expect(await changes()).toEqual(["A\t.env.example", "A\t.gitkeep", "A\tmine.txt", "A\tsrc/new.ts", "A\twork.txt"]);
  });

  fieldTest(
    "B3",
    "such files are left out even if they are staged, but not if they are committed or in HEAD",
    async () => {
      await mkdir(inTree("dist"));
      await bench.write("dist/old.js", "1\n");
      await bench.write("former.key", "secret\n");
      await bench.commit(".env", "API_KEY=mine\n");
      await bench.write(".env.local", "API_KEY=abc\n");
      await bench.write("dist/new.js", "1\n");
      await bench.write("former.key", "another\n");
      await bench.agent(["add", "--all"]);
      const saved = await save();
      expect(left(saved)).toEqual({ ".env.local": "secret" });
      expect(saved.added).toEqual(["dist/new.js", "former.key"]);
      expect(existsSync(inTree(".env.local"))).toBe(true);
      expect(await changes()).toEqual(["A\t.env", "A\tdist/new.js", "A\tdist/old.js", "A\tformer.key"]);
    },
  );

  test("an executable, a folder in place of a file, and a file in place of a folder are saved", async () => {
    await bench.write("run.sh", "#!/bin/sh\n");
    await chmod(inTree("run.sh"), 0o755);
    await rm(inTree("README.md"));
    await mkdir(inTree("README.md"));
    await bench.write("README.md/x.txt", "x\n");
    await rm(inTree("src"), { recursive: true });
    await bench.write("src", "a file\n");
    expect((await save()).unsaved).toEqual([]);
    expect(await bench.agent(["status", "--porcelain"])).toBe("");
    expect(await bench.agent(["ls-files", "--stage", "run.sh"])).toMatch(/^100755 /);
  });
});
