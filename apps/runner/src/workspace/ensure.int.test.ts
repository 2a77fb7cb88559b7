import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { NO_USAGE } from "@tac8/core/domain/usage";
import { readEndNote, writeEndNote } from "./endNote.ts";
import { ensureWorkspace, type EnsuredWorkspace } from "./ensure.ts";
import { asNobody } from "./testing/asNobody.ts";
import { breakGit } from "./testing/breakGit.ts";
import { PLACE_KINDS } from "../agentPlace/testing/places.ts";
import { createGitBench, type GitBench } from "./testing/gitBench.ts";

describe.each(PLACE_KINDS)("in a place of the kind %s:", (kind) => {
  let bench: GitBench;
  beforeAll(async () => {
    bench = await createGitBench({ kind });
  });
  beforeEach(() => {
    bench = bench.another();
  });
  afterAll(async () => {
    await bench.close();
  });

  const inTree = (path: string) => join(bench.paths.tree, path);
  const read = (path: string) => readFile(inTree(path), "utf8");

  /** Return the names of the folders, quarantined ones included. */
  async function siblings(): Promise<string[]> {
    const names = await readdir(dirname(bench.paths.tree));
    return names.filter((name) => name === bench.name || name.startsWith(`${bench.name}.`));
  }

  /** Expect that git works in the workspace, at this commit and on the branch, and that the agent can commit. */
  async function expectGood(found: EnsuredWorkspace, head: string): Promise<void> {
    expect(found.head).toBe(head);
    expect(await bench.agent(["rev-parse", "HEAD", "--abbrev-ref", "HEAD"])).toBe(`${head}\n${bench.branch}`);
    await bench.agent(["status", "--porcelain"]);
    await bench.commit("probe.txt", "probe\n");
    expect(await bench.agent(["rev-parse", "HEAD~1"])).toBe(head);
  }

  test("a new workspace starts at the base, without a remote", async () => {
    const found = await bench.ensure();
    expect(found).toMatchObject({ how: "created", quarantined: null });
    await expectGood(found, await bench.base());
    expect(await bench.agent(["remote"])).toBe("");
    expect(await siblings()).toEqual([bench.name]);
  });

  test("a new workspace starts at the branch on GitHub", async () => {
    const pushed = await bench.push(bench.branch, { "b.txt": "b\n" });
    await expectGood(await bench.ensure(), pushed);
  });

  test("a second call changes nothing, and uncommitted changes are kept", async () => {
    const { head } = await bench.ensure();
    await bench.write("README.md", "dirty\n");
    await bench.write("new.txt", "new\n");
    const again = await bench.ensure();
    expect(again).toEqual({ how: "reused", head, quarantined: null, because: null });
    expect(await read("README.md")).toBe("dirty\n");
    expect(await read("new.txt")).toBe("new\n");
    await expectGood(again, head);
  });

  test("a leftover folder is quarantined", async () => {
    await mkdir(bench.paths.tree, { recursive: true });
    await writeFile(inTree("notes.txt"), "mine\n");
    const found = await bench.ensure();
    expect(found.how).toBe("replaced");
    expect(await readFile(join(found.quarantined ?? "", "notes.txt"), "utf8")).toBe("mine\n");
    await expectGood(found, await bench.base());
  });

  test("a link to nowhere, or a file, in its place is quarantined", async () => {
    await mkdir(dirname(bench.paths.tree), { recursive: true });
    await symlink("/nonexistent/place", bench.paths.tree);
    expect((await bench.ensure()).how).toBe("replaced");
    await rm(bench.paths.tree, { recursive: true });
    await writeFile(bench.paths.tree, "a file");
    const found = await bench.ensure();
    expect(await readFile(found.quarantined ?? "", "utf8")).toBe("a file");
    await expectGood(found, await bench.base());
  });

  test.each([
    ["removed", async () => ""],
    ["removed while locked", () => bench.agent(["worktree", "lock", bench.paths.tree])],
  ])("a registered worktree that was %s is restored with its unpushed commits", async (_how, before) => {
    await bench.ensure();
    const mine = await bench.commit("mine.txt", "mine\n");
    await before();
    await rm(bench.paths.tree, { recursive: true });
    const found = await bench.ensure();
    expect(found.how).toBe("reattached");
    expect(await read("mine.txt")).toBe("mine\n");
    await expectGood(found, mine);
  });

  test("commits of a lost worktree without a branch are restored too", async () => {
    await bench.ensure();
    await bench.agent(["checkout", "--quiet", "--detach"]);
    const mine = await bench.commit("mine.txt", "mine\n");
    await rm(bench.paths.tree, { recursive: true });
    await expectGood(await bench.ensure(), mine);
  });

  test("the issue's branch can be used even if the agent has checked it out in another worktree", async () => {
    await bench.ensure();
    await bench.agent(["checkout", "--quiet", "--detach"]);
    await bench.agent(["worktree", "add", "--quiet", join(bench.dir, "its-own"), bench.branch]);
    const mine = await bench.commit("mine.txt", "mine\n");
    await rm(bench.paths.tree, { recursive: true });
    await expectGood(await bench.ensure(), mine);
  });

  test("a branch that is only in the thin repository is continued", async () => {
    await bench.ensure();
    const mine = await bench.commit("mine.txt", "mine\n");
    await rm(bench.paths.tree, { recursive: true });
    await bench.agent(["worktree", "prune"], bench.paths.gitDir);
    await expectGood(await bench.ensure(), mine);
  });

  test("locks of a git that was killed are removed", async () => {
    const { head } = await bench.ensure();
    const { gitDir } = bench.paths;
    const worktree = join(gitDir, "worktrees", bench.name);
    const locks = [
      join(worktree, "index.lock"),
      join(worktree, "HEAD.lock"),
      join(gitDir, "config.lock"),
      join(gitDir, "packed-refs.lock"),
      join(gitDir, `refs/heads/${bench.branch}.lock`),
    ];
    for (const lock of locks) await writeFile(lock, "");
    await expect(bench.commit("x.txt", "x\n")).rejects.toThrow(/index.lock/);
    await rm(inTree("x.txt"));
    await expectGood(await bench.ensure(), head);
    expect(locks.filter((lock) => existsSync(lock))).toEqual([]);
  });

  test.each([
    ["is missing", () => rm(inTree(".git"))],
    ["is rubbish", () => writeFile(inTree(".git"), "rubbish\n")],
    ["points elsewhere", () => writeFile(inTree(".git"), "gitdir: /nonexistent\n")],
    [
      "is a repository that the agent made",
      async () => {
        await rm(inTree(".git"));
        await bench.agent(["init", "--quiet"]);
      },
    ],
  ])("where .git %s, the commits are continued and the files are quarantined", async (_what, damage) => {
    await bench.ensure();
    const mine = await bench.commit("mine.txt", "mine\n");
    await bench.write("dirty.txt", "dirty\n");
    await damage();
    const found = await bench.ensure();
    expect(found).toMatchObject({ how: "reattached", because: "its worktree is damaged" });
    expect(await readFile(join(found.quarantined ?? "", "dirty.txt"), "utf8")).toBe("dirty\n");
    await expectGood(found, mine);
    // Git in the quarantined folder must not change the new workspace by accident.
    expect(await bench.agent(["rev-parse", "--git-dir"], found.quarantined ?? "").catch(() => "none")).not.toContain(
      `${bench.name}.git/`,
    );
  });

  test.each([[], ["HEAD"], ["HEAD", "config", "refs", "objects"]])(
    "a thin repository whose creation was interrupted is completed (missing: %s)",
    async (...missing) => {
      const { head } = await bench.ensure();
      await rm(bench.paths.tree, { recursive: true });
      await rm(join(bench.paths.gitDir, "worktrees"), { recursive: true });
      await rm(join(bench.paths.gitDir, "refs/heads/auto"), { recursive: true });
      await mkdir(join(bench.paths.gitDir, "worktrees", bench.name), { recursive: true });
      for (const name of missing) await rm(join(bench.paths.gitDir, name), { recursive: true });
      const found = await bench.ensure();
      expect(found).toMatchObject({ how: "created", quarantined: null });
      await expectGood(found, head);
      expect(await siblings()).toEqual([bench.name]);
    },
  );

  test.each(["rev-parse", "status"])(
    "a git that is killed at its %s is no damage, and nothing is changed",
    async (command) => {
      await bench.ensure();
      const mine = await bench.commit("mine.txt", "mine\n");
      const failed = ensureWorkspace({
        paths: bench.paths,
        place: bench.openPlace({ env: await breakGit(bench.env, { dir: bench.dir, command, shell: "kill -9 $$" }) }),
        mirrorDir: bench.mirror.paths.dir,
        goal: { branch: bench.branch, start: await bench.base(), isBranchOnGitHub: false },
        quarantineSuffix: "x",
      });
      await expect(failed).rejects.toMatchObject({ failure: { kind: "git" } });
      expect(await siblings()).toEqual([bench.name]);
      await expectGood(await bench.ensure(), mine);
    },
  );

  test.each(["EMFILE", "EIO", "ENOMEM"])(
    "an error %s of the machine is no damage, and nothing is changed",
    async (code) => {
      await bench.ensure();
      await bench.write("dirty.txt", "dirty\n");
      const realPath = () => Promise.reject(Object.assign(new Error(`${code}: realpath`), { code }));
      const failed = ensureWorkspace({
        paths: bench.paths,
        place: { ...bench.place, realPath },
        mirrorDir: bench.mirror.paths.dir,
        goal: { branch: bench.branch, start: await bench.base(), isBranchOnGitHub: false },
        quarantineSuffix: "x",
      });
      await expect(failed).rejects.toThrow(code);
      expect(await siblings()).toEqual([bench.name]);
      expect(await bench.ensure()).toMatchObject({ how: "reused", quarantined: null });
      expect(await read("dirty.txt")).toBe("dirty\n");
    },
  );

  test("a worktree that was only partly checked out does not count as one with deleted files", async () => {
    const { head } = await bench.ensure();
    await rm(inTree("README.md"));
    await rm(join(bench.paths.gitDir, `worktrees/${bench.name}/index`));
    const found = await bench.ensure();
    expect(existsSync(inTree("README.md"))).toBe(true);
    expect(found).toMatchObject({ how: "reattached", because: "its worktree is damaged" });
    await expectGood(found, head);
  });

  test("nothing is lost with a damaged index", async () => {
    await bench.ensure();
    const mine = await bench.commit("mine.txt", "mine\n");
    await bench.write("dirty.txt", "dirty\n");
    await truncate(join(bench.paths.gitDir, `worktrees/${bench.name}/index`), 7);
    const found = await bench.ensure();
    const quarantined = found.quarantined ?? "";
    expect(await readFile(join(quarantined, "dirty.txt"), "utf8")).toBe("dirty\n");
    await expectGood(found, mine);
    expect(await bench.agent(["rev-parse", "--git-dir"], quarantined).catch(() => "none")).not.toContain(
      `${bench.name}.git/`,
    );
  });

  test.each([
    ["HEAD is missing", () => rm(join(bench.paths.gitDir, "HEAD"))],
    ["config is incomplete", () => writeFile(join(bench.paths.gitDir, "config"), "[core\n")],
    [
      "folder is a file",
      async () => {
        await rm(bench.paths.gitDir, { recursive: true });
        await writeFile(bench.paths.gitDir, "x");
      },
    ],
  ])("a thin repository whose %s is quarantined with its tree", async (_what, damage) => {
    await bench.ensure();
    await bench.write("dirty.txt", "dirty\n");
    await damage();
    const found = await bench.ensure();
    expect(found).toMatchObject({ how: "replaced", because: "its repository is damaged" });
    expect(await readFile(join(found.quarantined ?? "", "dirty.txt"), "utf8")).toBe("dirty\n");
    await expectGood(found, await bench.base());
  });

  test("a data folder inside another checkout is not mistaken for that checkout", async () => {
    await bench.agent(["init", "--quiet", bench.dir], bench.dir);
    await bench.ensure();
    await rm(join(bench.paths.gitDir, "HEAD"));
    await rm(inTree(".git"));
    await expectGood(await bench.ensure(), await bench.base());
    expect(await bench.agent(["branch", "--list"], bench.dir)).toBe("");
  });

  test.each([
    ["an older commit", "HEAD~1"],
    ["another history", "HEAD~2"],
  ])(
    "published commits that the agent has left for %s are not taken for those of another contributor",
    async (_where, to) => {
      await bench.ensure();
      for (const name of ["one.txt", "two.txt"]) await bench.commit(name, `${name}\n`);
      await bench.agent(["push", "--quiet", bench.originDir, `HEAD:refs/heads/${bench.branch}`]);
      await bench.agent(["reset", "--quiet", "--hard", to]);
      const head =
        to === "HEAD~1" ? await bench.agent(["rev-parse", "HEAD"]) : await bench.commit("other.txt", "other\n");
      expect(await bench.ensure()).toMatchObject({ how: "reused", head, quarantined: null });
    },
  );

  test("after an agent was killed at an older commit, the next one continues from the newest published commit", async () => {
    await bench.ensure();
    for (const name of ["one.txt", "two.txt"]) await bench.commit(name, `${name}\n`);
    const head = await bench.agent(["rev-parse", "HEAD"]);
    await bench.agent(["push", "--quiet", bench.originDir, `HEAD:refs/heads/${bench.branch}`]);
    await bench.agent(["checkout", "--quiet", "HEAD~1"]);
    expect(await bench.ensure()).toMatchObject({ how: "forwarded", head, quarantined: null });
  });

  test("another contributor's commit on top of the workspace's commits is taken over", async () => {
    await bench.push(bench.branch, { "b.txt": "1\n" });
    await bench.ensure();
    const theirs = await bench.push(bench.branch, { "b.txt": "2\n" });
    const found = await bench.ensure();
    expect(found.how).toBe("forwarded");
    expect(await read("b.txt")).toBe("2\n");
    await expectGood(found, theirs);
  });

  test("the workspace's commits and uncommitted changes are put on top of another contributor's commit", async () => {
    await bench.push(bench.branch, { "b.txt": "1\n" });
    await bench.ensure();
    await bench.commit("mine.txt", "mine\n");
    await bench.write("dirty.txt", "dirty\n");
    const theirs = await bench.push(bench.branch, { "b.txt": "2\n" });
    const found = await bench.ensure();
    expect(found).toMatchObject({ how: "replayed", quarantined: null });
    expect(await bench.agent(["rev-parse", "HEAD~2"])).toBe(theirs);
    expect([await read("mine.txt"), await read("dirty.txt"), await read("b.txt")]).toEqual([
      "mine\n",
      "dirty\n",
      "2\n",
    ]);
    await expectGood(found, found.head);
  });

  test("the work is put on top of another contributor's branch from before a base with merges, without moving the base", async () => {
    const origin = async (...args: string[]) =>
      (await execa("git", args, { cwd: bench.originDir, env: bench.env })).stdout;
    const before = await origin("rev-parse", "main");
    const side = await bench.push("side", { "side.txt": "side\n" });
    await bench.push("main", { "main.txt": "main\n" });
    const merge = await origin("commit-tree", "main^{tree}", "-p", "main", "-p", side, "-m", "a merge");
    await origin("update-ref", "refs/heads/main", merge);
    await bench.ensure();
    await bench.commit("mine.txt", "mine\n");
    await origin("update-ref", `refs/heads/${bench.branch}`, before);
    const theirs = await bench.push(bench.branch, { "theirs.txt": "theirs\n" });
    const found = await bench.ensure({ base: merge });
    expect(found).toMatchObject({ how: "replayed", quarantined: null });
    expect(await bench.agent(["log", "--format=%s", `${theirs}..HEAD`])).toBe("change mine.txt");
    await expectGood(found, found.head);
  });

  test("commits that conflict with another contributor's commit are quarantined in a usable workspace", async () => {
    await bench.push(bench.branch, { "b.txt": "1\n" });
    await bench.ensure();
    const mine = await bench.commit("b.txt", "mine\n");
    const theirs = await bench.push(bench.branch, { "b.txt": "2\n" });
    const found = await bench.ensure();
    expect(found).toMatchObject({ how: "replaced", because: "other commits are on the branch on GitHub" });
    await expectGood(found, theirs);
    const quarantined = found.quarantined ?? "";
    expect(await bench.agent(["rev-parse", "HEAD"], quarantined)).toBe(mine);
    expect(await bench.agent(["status", "--porcelain"], quarantined)).toBe("");
  });

  test("uncommitted changes that conflict with another contributor's commit are quarantined, not committed on an old commit", async () => {
    await bench.push(bench.branch, { "b.txt": "1\n" });
    await bench.ensure();
    await bench.write("b.txt", "dirty\n");
    const theirs = await bench.push(bench.branch, { "b.txt": "2\n" });
    const found = await bench.ensure();
    expect(found.how).toBe("replaced");
    expect(await readFile(join(found.quarantined ?? "", "b.txt"), "utf8")).toBe("dirty\n");
    await expectGood(found, theirs);
  });

  test("a newer base does not move existing work", async () => {
    await bench.ensure();
    const mine = await bench.commit("mine.txt", "mine\n");
    await bench.push("main", { "README.md": "moved on\n" });
    const found = await bench.ensure();
    expect(found.how).toBe("reused");
    await expectGood(found, mine);
  });

  test("work of an earlier round, on another branch, is quarantined", async () => {
    await bench.ensure();
    await bench.commit("mine.txt", "mine\n");
    const found = await bench.ensure({ branch: `${bench.branch}-2` });
    expect(found).toMatchObject({ how: "replaced", because: `it belongs to the branch ${bench.branch}` });
    expect(found.head).toBe(await bench.base());
  });

  test("an end note is removed with the worktree in which its agent worked", async () => {
    const note = {
      run: "r",
      summary: "",
      usage: NO_USAGE,
      models: [],
      leftRunning: null,
      denied: null,
      blockedHosts: null,
      reason: "",
      evidence: {},
    };
    const { paths } = bench;
    for (const [how, change] of [
      ["reused", async () => undefined],
      ["reattached", () => rm(paths.tree, { recursive: true })],
      ["replaced", () => rm(join(paths.gitDir, "HEAD"))],
      ["created", () => Promise.all([paths.tree, paths.gitDir].map((path) => rm(path, { recursive: true })))],
    ] as const) {
      await bench.ensure();
      await writeEndNote(paths, note);
      await change();
      expect((await bench.ensure()).how).toBe(how);
      expect({ how, note: await readEndNote(paths) }).toEqual({ how, note: how === "reused" ? note : null });
    }
  });

  test("a link in the path of the data folder changes nothing", async () => {
    const { head } = await bench.ensure();
    const other = join(bench.dir, "by-link");
    await symlink(bench.home, other);
    const moved = (path: string) => path.replace(bench.home, other);
    const found = await ensureWorkspace({
      paths: { ...bench.paths, tree: moved(bench.paths.tree), gitDir: moved(bench.paths.gitDir) },
      place: bench.place,
      mirrorDir: bench.mirror.paths.dir,
      goal: { branch: bench.branch, start: head, isBranchOnGitHub: false },
      quarantineSuffix: "x",
    });
    expect(found.how).toBe("reused");
  });

  test.each([
    ["{dir}/elsewhere", "elsewhere/octo/widgets/gh-1"],
    ["home", "home/workspaces/octo/widgets/home/gh-1"],
    ["git", "home/workspaces/octo/widgets/git/gh-1"],
  ])("a base_dir elsewhere has the worktrees: %s", async (baseDir, tree) => {
    const former = bench;
    bench = await createGitBench({ baseDir });
    try {
      const found = await bench.ensure();
      expect(bench.paths.tree).toBe(join(bench.dir, tree));
      await expectGood(found, await bench.base());
      expect((await bench.ensure()).how).toBe("reused");
    } finally {
      await bench.close();
      bench = former;
    }
  });

  test("an interruption quarantines nothing", async () => {
    const { head } = await bench.ensure();
    const abort = new AbortController();
    abort.abort(new Error("shutting down"));
    const { paths, mirror } = bench;
    const work = ensureWorkspace({
      paths,
      place: bench.openPlace({ env: bench.env, signal: abort.signal }),
      mirrorDir: mirror.paths.dir,
      goal: { branch: bench.branch, start: head, isBranchOnGitHub: false },
      quarantineSuffix: "x",
    });
    await expect(work).rejects.toThrow("shutting down");
    expect(await siblings()).toEqual([bench.name]);
    expect((await bench.ensure()).how).toBe("reused");
  });

  test("links that an agent planted in its repository are not followed", async () => {
    await bench.ensure();
    for (const name of ["objects/info/alternates", "tac8-config"]) {
      const file = join(bench.paths.gitDir, name);
      const victim = join(bench.dir, "victim");
      const text = `${await readFile(file, "utf8")}\n\n`;
      await writeFile(victim, text);
      await rm(file);
      await symlink(victim, file);
      expect((await bench.ensure()).how).toBe("reused");
      expect(await readFile(victim, "utf8")).toBe(text);
    }
  });

  test.each(["objects/info", "refs/remotes/origin", "refs/remotes"])(
    "nothing is written through a link that an agent put in the place of the folder %s",
    async (name) => {
      await bench.ensure();
      const folder = join(bench.paths.gitDir, name);
      const elsewhere = join(bench.dir, `elsewhere-${bench.name}`);
      await mkdir(elsewhere);
      await rm(folder, { recursive: true });
      await symlink(elsewhere, folder);
      await bench.ensure();
      expect(await readdir(elsewhere)).toEqual([]);
      expect((await bench.ensure()).how).toBe("reused");
    },
  );

  test("folders that not even their owner may write to become writable", async () => {
    await bench.push(bench.branch, { "b/c/d.txt": "1\n" });
    await bench.ensure();
    const theirs = await bench.push(bench.branch, { "b/c/d.txt": "2\n" });
    const { tree, gitDir } = bench.paths;
    await bench.mirror.refresh();
    await asNobody(bench.dir, async () => {
      bench = bench.renewed();
      for (const dir of ["b/c", "b", "."]) await chmod(join(tree, dir), 0o500);
      await chmod(gitDir, 0o500);
      await expectGood(await bench.ensure(), theirs);
    });
    expect(await read("b/c/d.txt")).toBe("2\n");
  });
});
