import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { withIncoming, type Incoming } from "../airlock/incoming.ts";
import { unlessInMirror, whyKept } from "../janitor/published.ts";
import { directPlace } from "../agentPlace/direct.ts";
import type { AgentPlace } from "../agentPlace/place.ts";
import { backToBranch } from "./backToBranch.ts";
import { ensureWorkspace } from "./ensure.ts";
import { saveWork, type Saved } from "./save.ts";
import { createGitBench, type GitBench } from "./testing/gitBench.ts";

const POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${"4d7a".repeat(16)}\nsize 12345\n`;
const LFS = "*.bin filter=lfs diff=lfs merge=lfs -text\n";
const FILES = { "README.md": "# widgets\n", ".gitattributes": LFS, "big.bin": POINTER, ".gitignore": "*.log\n" };

let bench: GitBench;
/** Path of a program that records each call and fails. */
let program: string;
let witness: string;
beforeEach(async () => {
  bench = await createGitBench({ files: FILES });
  program = join(bench.dir, "filter.sh");
  witness = join(bench.dir, "witness.txt");
  await writeFile(program, `#!/bin/sh\necho "$0 $*" >> '${witness}'\nexit 1\n`, { mode: 0o755 });
  await mkdir(join(bench.dir, "agent-home/.config/git"), { recursive: true });
});
afterEach(async () => {
  await bench.close();
});

const inTree = (path: string) => join(bench.paths.tree, path);

async function save(place: AgentPlace = bench.place): Promise<Saved> {
  return saveWork({ ...bench.paths, place, baseSha: await bench.base(), message: "the rest" });
}

async function ensure(place: AgentPlace): Promise<void> {
  await bench.mirror.refresh();
  const start = await bench.base();
  const goal = { branch: bench.branch, start, isBranchOnGitHub: false };
  await ensureWorkspace({ paths: bench.paths, place, mirrorDir: bench.mirror.paths.dir, quarantineSuffix: "x", goal });
}

async function takeOut(place: AgentPlace): Promise<Pick<Incoming, "commits">> {
  const { mirror, clean, paths, name } = bench;
  const baseSha = await bench.base();
  const options = { mirror: mirror.paths, clean, agent: place, tree: paths.tree, baseSha, known: [], runId: name };
  return withIncoming(options, async ({ commits }) => ({ commits }));
}

/** Return the changes that a pull request of HEAD would show, read by git without the repository's filters. */
async function changes(): Promise<string[]> {
  const args = ["diff-tree", "-r", "--name-status", "--no-renames", await bench.base(), "HEAD"];
  const env = { ...bench.env, HOME: "/nonexistent" };
  const { stdout } = await execa("git", args, { cwd: join(bench.paths.gitDir, "worktrees", bench.name), env });
  return stdout.split("\n").filter((line) => line !== "");
}

const settingsOf = (filter: string) => {
  const filters = ["lfs", "evil"].map(
    (name) =>
      `[filter "${name}"]\n\tclean = ${filter}\n\tsmudge = ${filter}\n\tprocess = ${filter}\n\trequired = true\n`,
  );
  return `${filters.join("")}[core]\n\tautocrlf = true\n\tquotePath = false\n\tfsmonitor = ${filter}\n\thooksPath = /nonexistent/hooks\n\tsafecrlf = true\n[commit]\n\tgpgSign = true\n\ttemplate = /nonexistent/template\n[gpg]\n\tprogram = /bin/false\n[status]\n\tshowUntrackedFiles = no\n[init]\n\ttemplateDir = /nonexistent/templates\n[merge]\n\tconflictStyle = diff3\n[submodule]\n\trecurse = true\n[color]\n\tui = always\n[diff]\n\tnoprefix = true\n\texternal = ${filter}\n`;
};

/** Write settings of the machine or the account that no git of tac8 may read. @returns a place whose environment has them */
async function plant(where: "system" | "global" | "environment", filter: string): Promise<AgentPlace> {
  const { env } = bench;
  const home = join(bench.dir, "agent-home");
  const text = settingsOf(filter);
  await writeFile(join(home, ".config/git/attributes"), "* filter=evil working-tree-encoding=UTF-16\n");
  await writeFile(join(home, ".config/git/ignore"), "*.txt\n");
  if (where === "system") {
    const file = join(bench.dir, "gitconfig");
    await writeFile(file, text);
    return directPlace({ env: { ...env, GIT_CONFIG_SYSTEM: file }, bash: "bash" });
  }
  if (where === "global") {
    await writeFile(join(home, ".gitconfig"), text);
    return bench.place;
  }
  const parameters = ["lfs", "evil"].flatMap((name) => [
    `'filter.${name}.clean=${filter}' 'filter.${name}.process=${filter}' 'filter.${name}.required=true'`,
  ]);
  const more = {
    GIT_CONFIG_PARAMETERS: parameters.join(" "),
    GIT_INDEX_FILE: "/nonexistent/index",
    GIT_DIR: "/nonexistent",
  };
  return directPlace({
    env: { ...env, ...more, GIT_EXTERNAL_DIFF: filter, GIT_TEMPLATE_DIR: "/nonexistent" },
    bash: "bash",
  });
}

/** Change the time of files, so that git reads them again. */
async function touch(...paths: readonly string[]): Promise<void> {
  for (const path of paths) await utimes(inTree(path), new Date(), new Date(Date.now() + 5000));
}

describe.each(["system", "global", "environment"] as const)("settings of the %s", (where) => {
  fieldTest("B1", "a required filter that fails is run neither for a workspace nor for the agent's work", async () => {
    const place = await plant(where, program);
    await ensure(place);
    expect(await readFile(inTree("big.bin"), "utf8")).toBe(POINTER);
    expect(await readFile(inTree("README.md"), "utf8")).toBe("# widgets\n");
    await touch("big.bin", "README.md");
    await bench.write("work.txt", "work\n");
    expect(await save(place)).toMatchObject({ unsaved: [] });
    expect(await changes()).toEqual(["A\twork.txt"]);
    expect(await takeOut(place)).toEqual({ commits: 1 });
    await touch("big.bin");
    await ensure(place);
    expect(existsSync(witness), "no configured program ran").toBe(false);
  });
});

fieldTest("B1", "a filter that hangs blocks nothing", async () => {
  const place = await plant("global", "sleep 600");
  await ensure(place);
  await touch("big.bin");
  await bench.write("work.txt", "work\n");
  await save(place);
  expect(await changes()).toEqual(["A\twork.txt"]);
});

describe.each([
  ["in its settings", async (text: string) => writeFile(join(bench.paths.gitDir, "config"), text, { flag: "a" })],
  [
    "in a file that its settings include",
    async (text: string) => {
      const file = join(bench.dir, "included");
      await writeFile(file, text);
      await bench.agent(["config", "include.path", file]);
    },
  ],
  [
    "in the worktree's settings",
    async (text: string) => {
      const { gitDir } = bench.paths;
      // Git does the same.
      await bench.agent(["config", "--unset", "core.bare"], gitDir);
      await writeFile(join(gitDir, "config.worktree"), "[core]\n\tbare = true\n");
      await bench.agent(["config", "extensions.worktreeConfig", "true"], gitDir);
      await writeFile(join(gitDir, "worktrees", bench.name, "config.worktree"), text);
    },
  ],
] as const)("filters that an agent leaves %s", (_where, leave) => {
  const filters = () =>
    ["evil", "a.b c", "lfs"]
      .map((name) => `[filter "${name}"]\n\tclean = ${program}\n\tsmudge = ${program}\n\trequired = true\n`)
      .join("");

  fieldTest("B1", "do not run, and the work is saved and published", async () => {
    await bench.ensure();
    await leave(filters());
    await mkdir(join(bench.paths.gitDir, "info"), { recursive: true });
    await writeFile(join(bench.paths.gitDir, "info/attributes"), "*.md filter=evil\nwork.txt filter=a.b\\ c\n");
    await touch("README.md", "big.bin");
    await bench.write("work.txt", "work\n");
    await bench.write("README.md", "changed\n");
    await save();
    expect(await changes()).toEqual(["M\tREADME.md", "A\twork.txt"]);
    expect(await takeOut(bench.place)).toEqual({ commits: 1 });
    await bench.mirror.refresh();
    await whyKept({ ...bench.paths, place: bench.place, whyCommitsKept: unlessInMirror(bench.mirror) });
    await bench.push(bench.branch, { "theirs.txt": "theirs\n" });
    await bench.ensure();
    await rm(bench.paths.tree, { recursive: true });
    await bench.ensure();
    const older = await bench.base();
    const back = {
      ...bench.paths,
      place: bench.place,
      branch: bench.branch,
      headOfAgent: older,
      head: older,
      quarantineSuffix: "x",
    };
    expect((await backToBranch(back)).head).not.toBe(older);
    expect(existsSync(witness), "no configured program ran").toBe(false);
  });
});

fieldTest("B1", "content that needs a filter is not committed by tac8, but pointers of Git LFS are", async () => {
  await bench.ensure();
  await bench.write("huge.bin", "no pointer\n");
  await bench.write("pointer.bin", POINTER.replace("12345", "54321"));
  await bench.write("big.bin", "content of a pointer's file\n");
  await bench.write("work.txt", "work\n");
  const { unsaved } = await save();
  expect(unsaved).toEqual([
    { path: "big.bin", why: "filter" },
    { path: "huge.bin", why: "filter" },
  ]);
  expect(await changes()).toEqual(["A\tpointer.bin", "A\twork.txt"]);
});

describe("the agent's own git", () => {
  const env = (path: string) => directPlace({ env: { ...bench.env, PATH: path }, bash: "bash" });

  fieldTest("B1", "works without the program that the machine's settings require", async () => {
    const home = join(bench.dir, "agent-home");
    await writeFile(join(home, ".gitconfig"), settingsOf("git-lfs filter-process").slice(0, 160));
    await ensure(env("/usr/bin:/bin"));
    await touch("big.bin");
    await bench.agent(["status", "--porcelain"]);
    await bench.commit("work.txt", "work\n");
    await bench.agent(["checkout", "--quiet", "HEAD~1"]);
    await bench.agent(["checkout", "--quiet", bench.branch]);
    expect(await changes()).toEqual(["A\twork.txt"]);
  });

  test("uses the program if it is installed, and downloads nothing", async () => {
    const bin = join(bench.dir, "bin");
    await mkdir(bin);
    const script = `#!/bin/sh\necho "$*" >> '${witness}'\n[ "$1" = filter-process ] && exit 1\n[ "$1 $2" = "smudge --skip" ] && exec cat\n[ "$1" = clean ] && cat >/dev/null && echo pointer && exit 0\nexit 1\n`;
    await writeFile(join(bin, "git-lfs"), script);
    await chmod(join(bin, "git-lfs"), 0o755);
    await ensure(env(`${bin}:${bench.env["PATH"] ?? ""}`));
    expect(existsSync(witness), "the git of tac8 did not run it").toBe(false);
    expect(await bench.agent(["config", "filter.lfs.smudge"])).toBe("git-lfs smudge --skip -- %f");
    expect(await bench.agent(["config", "filter.lfs.process"])).toBe("git-lfs filter-process --skip");
  });
});

test("a commit of the agent starts no automatic maintenance", async () => {
  await bench.ensure();
  const trace = join(bench.dir, "trace");
  const commit = async (...more: readonly string[]) => {
    const args = [...more, "commit", "--quiet", "--allow-empty", "--message=x"];
    await execa("git", args, { cwd: bench.paths.tree, env: { ...bench.env, GIT_TRACE2_EVENT: trace } });
    return (await readFile(trace, "utf8")).includes('"maintenance","run","--auto"');
  };
  expect(await commit()).toBe(false);
  expect(await bench.agent(["config", "gc.auto"])).toBe("0");
  expect(await commit("-c", "maintenance.auto=true"), "the test sees it").toBe(true);
});

describe("attributes", () => {
  test.each([
    ["text=auto eol=crlf", "a\r\nb\r\n", "a\nb\n"],
    ["ident", "$Id: 123 $\n", "$Id$\n"],
    ["export-subst export-ignore linguist-generated", "$Format:%H$\n", "$Format:%H$\n"],
    ["merge=nothing diff=nothing filter=nothing", "x\n", "x\n"],
    ["-text -diff", "a\r\n", "a\r\n"],
  ])("%s", async (attributes, text, committed) => {
    await bench.push("main", { ".gitattributes": `*.txt ${attributes}\n`, "old.txt": committed });
    await bench.ensure();
    expect(await bench.agent(["status", "--porcelain"])).toBe("");
    await bench.agent(["config", "diff.nothing.textconv", program]);
    await bench.agent(["config", "merge.nothing.driver", program]);
    await bench.agent(["config", "core.safecrlf", "true"]);
    await bench.write("work.txt", text);
    await save();
    expect(await changes()).toEqual(["A\twork.txt"]);
    expect(await bench.agent(["cat-file", "blob", "HEAD:work.txt"])).toBe(committed.trim());
    expect(existsSync(witness)).toBe(false);
  });

  fieldTest(
    "B1",
    "a text with another encoding than its attribute is reported, and the other files are saved",
    async () => {
      await bench.push("main", { ".gitattributes": "*.u16 working-tree-encoding=UTF-16\n" });
      await bench.ensure();
      await bench.write("bad.u16", "no byte order mark\n");
      await bench.write("work.txt", "work\n");
      expect((await save()).unsaved).toEqual([{ path: "bad.u16", why: "refused" }]);
      expect(await changes()).toEqual(["A\twork.txt"]);
    },
  );
});

test("a merge driver that an agent configures does not run when its work is put on top of other commits", async () => {
  await bench.push(bench.branch, { "README.md": "# widgets\n1\n2\n3\n4\n5\n" });
  await bench.ensure();
  await mkdir(join(bench.paths.gitDir, "info"), { recursive: true });
  await writeFile(join(bench.paths.gitDir, "info/attributes"), "* merge=evil\n");
  await bench.agent(["config", "merge.evil.driver", program]);
  await bench.commit("README.md", "# widgets\n1\n2\n3\n4\nfive\n");
  const theirs = await bench.push(bench.branch, { "README.md": "# gadgets\n1\n2\n3\n4\n5\n" });
  const found = await bench.ensure();
  expect(found.how).toBe("replayed");
  expect(await bench.agent(["rev-parse", "HEAD~1"])).toBe(theirs);
  expect(await bench.agent(["show", "HEAD:README.md"])).toBe("# gadgets\n1\n2\n3\n4\nfive");
  expect(existsSync(witness)).toBe(false);
});
