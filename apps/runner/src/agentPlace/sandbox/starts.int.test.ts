import { existsSync, readlinkSync } from "node:fs";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findProgram } from "@tac8/core/app/findProgram";
import type { Config } from "@tac8/core/config/resolve";
import { createLogger } from "@tac8/core/log/logger";
import { hasSandboxes } from "../../agent/testing/plainSandbox.ts";
import { startProxy } from "../../egress/process.ts";
import { openHome } from "../../home/open.ts";
import { openConfinedSide } from "../helper/confined.ts";
import { gitIn, type AgentPlace } from "../place.ts";
import type { AgentSide, SideOptions } from "../side.ts";
import { lockWorkspace } from "../../workspace/lock.ts";
import { ProcessPool } from "../../process/pool.ts";
import { ensureWorkspace } from "../../workspace/ensure.ts";
import { removeMessageFiles } from "../../workspace/messageFiles.ts";
import { createGitBench, type GitBench } from "../../workspace/testing/gitBench.ts";
import type { WorkspaceGoal } from "../../workspace/plan.ts";
import { sandboxOpener } from "./opener.ts";
import { sandboxConfinement } from "./side.ts";

const NAME = hasSandboxes ? "" : " (skipped: bwrap does not work here)";
/** Arguments with which git prints the namespace of processes in which it runs. */
const WHERE = ["-c", "alias.where=!readlink /proc/self/ns/pid", "where"];
/** The helper of a test loads its sources. */
const SOURCES = fileURLToPath(new URL("../../../../..", import.meta.url));
const HERE = readlinkSync("/proc/self/ns/pid");

let bench: GitBench;
const closing: (() => Promise<void> | void)[] = [];
beforeEach(async () => {
  bench = await createGitBench();
  await bench.mirror.refresh();
});
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  await bench.close();
});

async function sideOptions(): Promise<SideOptions> {
  const { paths, env } = bench;
  const lock = await lockWorkspace(paths);
  if (lock === null) throw new Error("the workspace is locked");
  closing.push(() => lock.release());
  const roots = [paths.tree, paths.gitDir, paths.tmpDir, paths.homeDir];
  const objects = join(bench.mirror.paths.dir, "objects");
  return { roots, workspace: paths, objects, read: [], env, lock, name: "slot-0" };
}

const log = createLogger({ name: "test", secrets: [], destination: { write: () => undefined } });
const proxies = new ProcessPool({ start: () => startProxy({}), maxIdle: 1 });
function configOf(dataFolder: string): Config {
  const agent = { nested_sandbox: false, read: [SOURCES], write: [] };
  const agentEnv = { PATH: bench.env["PATH"] ?? "" };
  const coordinator = { max_concurrent_workers: 1 };
  const worktree = { base_dir: "trees" };
  return { dataFolder, agent, agentEnv, coordinator, worktree, secrets: { files: [] } } as unknown as Config;
}

/** Open a side whose helper runs without a sandbox. `starts`: how many helpers have been started. */
async function openCounted(): Promise<{ readonly side: AgentSide; readonly starts: () => number }> {
  const options = await sideOptions();
  let starts = 0;
  const launch = (): string[] => {
    starts += 1;
    return [];
  };
  const folder = bench.dir;
  const config = configOf(bench.home);
  const side = openConfinedSide(
    options,
    sandboxConfinement(options, { config, log, proxies, uid: 0, bash: "bash", folder, launch }),
  );
  closing.push(() => side.close());
  return { side, starts: () => starts };
}

/** Open a side with real sandboxes. */
async function openReal(): Promise<AgentSide> {
  const program = findProgram("bwrap", { path: bench.env["PATH"] ?? "", cwd: "/" }) ?? "";
  const open = await sandboxOpener({ config: configOf(bench.home), log, proxies, program });
  const side = open(await sideOptions());
  closing.push(() => side.close());
  return side;
}

async function ensure(place: AgentPlace, more: Partial<WorkspaceGoal> = {}) {
  const base = await bench.base();
  const baseNames = { base: "main", defaultBranch: "main" };
  const goal = { branch: bench.branch, start: base, base, baseNames, isBranchOnGitHub: false, ...more };
  return ensureWorkspace({
    paths: bench.paths,
    place,
    mirrorDir: bench.mirror.paths.dir,
    goal,
    quarantineSuffix: "1",
  });
}

function home(place: AgentPlace) {
  const git = { author_name: "tac8", author_email: "tac8@localhost" };
  return openHome({ place, home: bench.paths.homeDir, env: {}, git, files: [], session: null });
}

test("the runner creates a new workspace and its home folder itself, so no helper is started before the agent", async () => {
  await bench.push("main", { STOP: "", "BLOCKED.md": "" });
  await bench.mirror.refresh();
  const { paths } = bench;
  const { side, starts } = await openCounted();
  expect(await ensure(side.place())).toMatchObject({ how: "created", head: await bench.base(), quarantined: null });
  expect(existsSync(join(paths.tree, "README.md"))).toBe(true);
  await removeMessageFiles(side.place(), paths.tree);
  expect(existsSync(join(paths.tree, "STOP"))).toBe(false);
  await home(side.place());
  expect(existsSync(join(paths.homeDir, ".gitconfig"))).toBe(true);
  expect(starts()).toBe(0);
  // The runner itself writes to a folder only until a sandbox shows it.
  await gitIn(side.place(), paths.tree).raw(["status"]);
  expect(starts()).toBe(1);
  await side.close();
  await home(side.place());
  expect(starts()).toBe(2);
  await side.close();
  await gitIn(side.place().onBase(), paths.gitDir).raw(["rev-parse", "HEAD"]);
  expect(starts()).toBe(3);
});

test("a helper checks out commits of the issue's branch, which an agent may have made", async () => {
  const start = await bench.push(bench.branch, { "a.txt": "of an agent\n" });
  await bench.mirror.refresh();
  const { side, starts } = await openCounted();
  expect(await ensure(side.place(), { start, isBranchOnGitHub: true })).toMatchObject({ how: "created", head: start });
  expect(starts()).toBe(1);
});

test("the runner follows no link of the base commit in a new worktree", async () => {
  const secret = join(bench.dir, "secret");
  await writeFile(secret, "secret\n");
  const { side, starts } = await openCounted();
  await ensure(side.place());
  await symlink(bench.dir, join(bench.paths.tree, "link"));
  await side.place().readFile(join(bench.paths.tree, "link/secret"), 100);
  expect(starts(), "a helper has read it, which in a sandbox sees no such file").toBe(1);
});

test("no folder from before this run is new: another folder of the issue is enough for a helper", async () => {
  await mkdir(bench.paths.homeDir, { recursive: true });
  const { side, starts } = await openCounted();
  expect(await ensure(side.place())).toMatchObject({ how: "created" });
  expect(starts()).toBe(1);
});

test.skipIf(!hasSandboxes)(
  `the runner runs git in a new repository, and after a sandbox has shown it never again${NAME}`,
  async () => {
    const { paths } = bench;
    const side = await openReal();
    expect(await ensure(side.place())).toMatchObject({ how: "created" });
    const where = async (place: AgentPlace, dir: string) => gitIn(place, dir).raw(WHERE);
    expect(await where(side.place().onBase(), paths.gitDir)).toBe(HERE);
    // Only the git that is meant for it, and only in the repository.
    expect(await where(side.place(), paths.gitDir)).not.toBe(HERE);
    expect(await where(side.place().onBase(), paths.gitDir)).not.toBe(HERE);
    await side.close();
    expect(await where(side.place().onBase(), paths.gitDir)).not.toBe(HERE);
  },
);

test.skipIf(!hasSandboxes)(`the runner runs no git in a new worktree${NAME}`, async () => {
  const { paths } = bench;
  const side = await openReal();
  await ensure(side.place());
  expect(await gitIn(side.place().onBase(), paths.tree).raw(WHERE)).not.toBe(HERE);
});

test("nothing in the base commit makes git start a program or write elsewhere", async () => {
  const out = join(bench.dir, "out");
  const planted = `touch ${out}\n`;
  await bench.push("main", {
    ".gitattributes": "* filter=planted merge=planted diff=planted working-tree-encoding=UTF-16\n*.bin filter=lfs\n",
    ".gitconfig": `[filter "planted"]\n\tsmudge = ${planted}`,
    ".gitmodules": `[submodule "a"]\n\tpath = a\n\turl = ext::sh -c ${planted}\tupdate = !${planted}`,
    ".lfsconfig": `[lfs]\n\turl = ext::${planted}`,
    "hooks/post-checkout": `#!/bin/sh\n${planted}`,
    ".githooks/post-checkout": `#!/bin/sh\n${planted}`,
    config: `[core]\n\tfsmonitor = ${planted}\thooksPath = .githooks\n`,
    "a.bin": "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
  });
  await bench.mirror.refresh();
  const { side, starts } = await openCounted();
  expect(await ensure(side.place())).toMatchObject({ how: "created" });
  expect(starts()).toBe(0);
  expect(existsSync(join(bench.paths.tree, "a.bin"))).toBe(true);
  expect(existsSync(out)).toBe(false);
});

test("empty folders from before a crash are no workspace, so they are not quarantined", async () => {
  for (const folder of [bench.paths.tree, bench.paths.gitDir]) await mkdir(folder, { recursive: true });
  expect(await bench.ensure()).toMatchObject({ how: "created", quarantined: null });
});
