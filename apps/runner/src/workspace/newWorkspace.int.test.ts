import { existsSync } from "node:fs";
import { readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { gitIn, type AgentPlace } from "../agentPlace/place.ts";
import { ensureWorkspace } from "./ensure.ts";
import { createFirstWorktree, writeRepository } from "./newWorkspace.ts";
import type { WorkspacePaths } from "./paths.ts";
import { breakGit } from "./testing/breakGit.ts";
import { createGitBench, type GitBench } from "./testing/gitBench.ts";

const FILES = {
  "README.md": "# widgets\n",
  ".gitignore": "*.log\n",
  ".gitattributes": "*.txt text eol=crlf\n*.bin filter=lfs -text\n*.id ident\n",
  "src/a.txt": "a\nb\n",
  "src/b.id": "$Id$\n",
  "src/deep/c.bin": "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
  "hooks/post-checkout": "#!/bin/sh\nexit 1\n",
};

let bench: GitBench;
beforeAll(async () => {
  bench = await createGitBench({ files: FILES });
  await bench.mirror.refresh();
});
beforeEach(() => {
  bench = bench.another();
});
afterAll(async () => {
  await bench.close();
});

async function makeEmpty({ paths, place }: Pick<GitBench, "paths" | "place">): Promise<void> {
  for (const folder of [paths.gitDir, paths.tree]) await place.makeFolder(folder);
}

async function borrow({ gitDir }: WorkspacePaths): Promise<void> {
  await writeFile(join(gitDir, "objects/info/alternates"), `${join(bench.mirror.paths.dir, "objects")}\n`);
}

async function createByTac8(paths: WorkspacePaths, place: AgentPlace): Promise<void> {
  await makeEmpty({ paths, place });
  await writeRepository(place, paths.gitDir);
  await borrow(paths);
  await createFirstWorktree(place, { paths, branch: bench.branch, commit: await bench.base() });
}

async function createByGit(paths: WorkspacePaths, place: AgentPlace): Promise<void> {
  await makeEmpty({ paths, place });
  const git = gitIn(place, paths.gitDir);
  await git.raw(["init", "--quiet", "--bare", "--template="]);
  await borrow(paths);
  await git.raw(["worktree", "add", "--quiet", "--force", "-B", bench.branch, paths.tree, await bench.base()]);
}

/** Return the mode and the content of each entry below a folder. */
async function filesBelow(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    const mode = (await stat(path)).mode.toString(8);
    // The index has times and inodes.
    const text = entry.isFile() && entry.name !== "index" ? await readFile(path, "utf8") : "";
    // Both repositories are made at the same paths except for the name of the issue.
    found[relative(folder, path).replaceAll(/gh-\d+/g, "gh-N")] = `${mode} ${text.replaceAll(/gh-\d+/g, "gh-N")}`;
  }
  return found;
}

describe("a new workspace has the files of one that git has made", () => {
  test("byte for byte, except for one line of the log", async () => {
    await createByGit(bench.paths, bench.place);
    const byGit = await filesBelow(bench.paths.gitDir);
    const treeByGit = await filesBelow(bench.paths.tree);
    const staged = await bench.agent(["ls-files", "--stage", "--debug"]);
    bench = bench.another();
    await createByTac8(bench.paths, bench.place);
    const byTac8 = await filesBelow(bench.paths.gitDir);
    expect(await filesBelow(bench.paths.tree)).toEqual(treeByGit);
    const log = "worktrees/gh-N/logs/HEAD";
    const withoutTime = (text: string | undefined) => text?.replace(/> \d+ [+-]\d+/, "> 0");
    expect(withoutTime(byTac8[log]?.split(" ").slice(1).join(" "))).toBe(
      withoutTime(byGit[log]?.split("\n")[1] + "\n"),
    );
    expect({ ...byTac8, [log]: "" }).toEqual({ ...byGit, [log]: "" });
    const entries = (text: string) => text.split("\n").filter((line) => /^\d{6} /.test(line));
    expect(entries(await bench.agent(["ls-files", "--stage", "--debug"]))).toEqual(entries(staged));
  });

  test("git treats both alike", async () => {
    const seen: string[][] = [];
    for (const create of [createByGit, createByTac8]) {
      bench = bench.another();
      await create(bench.paths, bench.place);
      const answers: string[] = [];
      const run = async (args: readonly string[], cwd?: string) =>
        answers.push(
          (await bench.agent(args, cwd)).replaceAll(/gh-\d+/g, "gh-N").replaceAll(/\b[0-9a-f]{7}\b/g, "SHA"),
        );
      await run(["fsck", "--full", "--strict"]);
      await run(["worktree", "list", "--porcelain"]);
      await run(["status", "--porcelain=v2", "--branch"]);
      await run(["branch", "-vv", "--all"]);
      await run(["rev-parse", "--is-bare-repository", "--is-inside-work-tree", "--git-common-dir", "ORIG_HEAD"]);
      await run(["rev-parse", "--is-bare-repository"], bench.paths.gitDir);
      await run(["log", "--walk-reflogs", "--format=%H", "--max-count=1"]);
      await bench.commit("src/new.txt", "new\r\n");
      await run(["worktree", "add", "-q", "-b", `other-${bench.name}`, `${bench.paths.tree}-other`]);
      await run(["worktree", "prune", "--verbose", "--expire=now"]);
      await run(["branch", "-vv"]);
      await run(["stash", "list"]);
      await run(["status", "--porcelain"], `${bench.paths.tree}-other`);
      seen.push(answers);
    }
    expect(seen[1]).toEqual(seen[0]);
  });

  test("with the real paths, if the data folder is reached through a link", async () => {
    const link = join(bench.dir, `link-${bench.name}`);
    await symlink(bench.home, link);
    const { paths } = bench;
    const linked = {
      ...paths,
      tree: paths.tree.replace(bench.home, link),
      gitDir: paths.gitDir.replace(bench.home, link),
    };
    await createByTac8(linked, bench.place);
    expect(await readFile(join(paths.tree, ".git"), "utf8")).toBe(`gitdir: ${paths.gitDir}/worktrees/${bench.name}\n`);
    expect(await bench.agent(["status", "--porcelain"])).toBe("");
  });
});

test("where the file system ignores case, git tests it and creates the repository", async () => {
  const commands: (readonly string[])[] = [];
  const place: AgentPlace = {
    ...bench.place,
    exists: async (path) => path.endsWith("/CONFIG") || bench.place.exists(path),
    git: (dir, args, options) => {
      commands.push(args);
      return bench.place.git(dir, args, options);
    },
  };
  await createByTac8(bench.paths, place);
  expect(commands.map((args) => args.find((arg) => !arg.startsWith("-")))).toEqual(["init", "reset"]);
  expect(await bench.agent(["status", "--porcelain"])).toBe("");
});

describe("a runner that is killed while it creates a workspace", () => {
  const KILLED = "killed here";
  type Step = "before" | "half";

  /** Return a place that fails at its `at`th change: before the change, or with only the beginning of a file. */
  function killedAt(at: number, how: Step, steps: string[]): AgentPlace {
    const wrap = (inner: AgentPlace): AgentPlace => {
      const step = async <T>(name: string, work: () => Promise<T>, half?: () => Promise<unknown>): Promise<T> => {
        steps.push(name);
        if (steps.length < at) return work();
        if (steps.length === at && how === "half") await half?.();
        throw new Error(KILLED);
      };
      return {
        ...inner,
        writeFile: (path, content, mode) =>
          step(
            `write ${path}`,
            () => inner.writeFile(path, content, mode),
            () => inner.writeFile(path, "", mode),
          ),
        makeFolder: (path, mode) => step(`folder ${path}`, () => inner.makeFolder(path, mode)),
        remove: (path) => step(`remove ${path}`, () => inner.remove(path)),
        move: (from, to) => step(`move ${to}`, () => inner.move(from, to)),
        git: (dir, args, options) => step(`git ${args.join(" ")}`, () => inner.git(dir, args, options)),
        onBase: () => wrap(inner.onBase()),
        withSettings: (settings) => wrap(inner.withSettings(settings)),
      };
    };
    return wrap(bench.place);
  }

  async function ensureIn(place: AgentPlace) {
    const start = await bench.base();
    return ensureWorkspace({
      paths: bench.paths,
      place,
      mirrorDir: bench.mirror.paths.dir,
      goal: { branch: bench.branch, start, base: start, isBranchOnGitHub: false },
      quarantineSuffix: "x",
    });
  }

  /** Expect that the next run has every file. @returns how */
  async function expectRepaired(): Promise<string> {
    const found = await ensureIn(bench.place);
    const files = Object.keys(FILES);
    const there = (await readdir(bench.paths.tree, { recursive: true })).filter((path) => files.includes(path));
    expect(there.toSorted()).toEqual(files.toSorted());
    expect(await bench.agent(["status", "--porcelain"])).toBe("");
    expect(await bench.agent(["rev-parse", "HEAD", "--abbrev-ref", "HEAD"])).toBe(
      `${await bench.base()}\n${bench.branch}`,
    );
    await bench.commit("probe.txt", "probe\n");
    return found.how;
  }

  test.each(["before", "half"] as const)("at any step (%s it) leaves nothing that counts as complete", async (how) => {
    const hows = new Map<string, string>();
    for (let at = 1; ; at += 1) {
      bench = bench.another();
      const steps: string[] = [];
      const end = await ensureIn(killedAt(at, how, steps)).catch((error: unknown) => String(error));
      if (typeof end !== "string") break;
      expect(end).toContain(KILLED);
      const step = (steps[at - 1] ?? "").replaceAll(bench.home, "").replaceAll(/\/workspaces\S*?(?=gh-)/g, "");
      hows.set(step.replaceAll(/gh-\d+/g, "gh-N"), await expectRepaired());
    }
    // Only from the worktree's HEAD on, the repository does not count as empty.
    const worktree = "gh-N.git/worktrees/gh-N";
    expect([...hows].filter(([, repair]) => repair !== "created")).toEqual([
      ...(how === "half" ? [[`write ${worktree}/HEAD`, "reattached"]] : []),
      ["write gh-N/.git", "reattached"],
      ["git --git-dir=gh-N/.git --work-tree=gh-N reset --hard --no-recurse-submodules --quiet", "reattached"],
    ]);
    expect([...hows.keys()]).toContain(`write ${worktree}/gitdir`);
  });

  test.each([
    ["before the checkout", ""],
    ["after the checkout of some files", `git "$@"; rm "$TREE/README.md" "$GIT_INDEX"; `],
  ])("with its git, %s, leaves a worktree that is replaced, not one with deleted files", async (_when, checkout) => {
    const { tree, gitDir } = bench.paths;
    const admin = join(gitDir, "worktrees", bench.name);
    const shell = `TREE=${tree}; GIT_INDEX=${admin}/index; ${checkout}kill -9 $$`;
    const env = await breakGit(bench.env, { dir: bench.dir, command: `--git-dir=${tree}/.git`, shell });
    const place = bench.openPlace({ env });
    const remove = async (path: string) => {
      if ([tree, admin].includes(path)) throw new Error(KILLED);
      return place.remove(path);
    };
    const killed = { ...place, remove, onBase: () => killed };
    await expect(ensureIn(killed)).rejects.toMatchObject({ failure: { kind: "git" } });
    const files = [".git", ...(checkout === "" ? [] : [".gitattributes", ".gitignore", "hooks", "src"])];
    expect((await readdir(tree)).toSorted()).toEqual(files);
    expect(await expectRepaired()).toBe("reattached");
  });

  test("a git that fails to check out the files leaves no worktree", async () => {
    const { tree } = bench.paths;
    const env = await breakGit(bench.env, {
      dir: bench.dir,
      command: `--git-dir=${tree}/.git`,
      shell: `git "$@"; exit 1`,
    });
    await expect(ensureIn(bench.openPlace({ env }))).rejects.toMatchObject({ failure: { kind: "git" } });
    expect(existsSync(tree)).toBe(false);
    expect(await expectRepaired()).toBe("created");
  });
});
