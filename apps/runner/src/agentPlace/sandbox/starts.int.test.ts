import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Config } from "@tac8/core/config/resolve";
import { createLogger } from "@tac8/core/log/logger";
import { startProxy } from "../../egress/process.ts";
import { openHome } from "../../home/open.ts";
import { openConfinedSide } from "../helper/confined.ts";
import { gitIn } from "../place.ts";
import { lockWorkspace } from "../../workspace/lock.ts";
import { ProcessPool } from "../../process/pool.ts";
import { ensureWorkspace } from "../../workspace/ensure.ts";
import { createGitBench, type GitBench } from "../../workspace/testing/gitBench.ts";
import { sandboxConfinement } from "./side.ts";

let bench: GitBench;
beforeEach(async () => {
  bench = await createGitBench();
});
afterEach(() => bench.close());

test("one helper creates a new workspace and its home folder, so only one sandbox for git is started", async () => {
  await bench.mirror.refresh();
  const base = await bench.base();
  const { paths, env } = bench;
  const lock = await lockWorkspace(paths);
  if (lock === null) throw new Error("the workspace is locked");
  const roots = [paths.tree, paths.gitDir, paths.tmpDir, paths.homeDir];
  const objects = join(bench.mirror.paths.dir, "objects");
  const options = { roots, objects, read: [], env, lock, name: "slot-0" };
  let starts = 0;
  const config = { dataFolder: bench.dir, agent: { nested_sandbox: false } } as Config;
  const log = createLogger({ name: "test", secrets: [], destination: { write: () => undefined } });
  const launch = (): string[] => {
    starts += 1;
    return []; // The helper runs without a sandbox.
  };
  const proxies = new ProcessPool({ start: () => startProxy({}), maxIdle: 1 });
  const confinement = sandboxConfinement(options, {
    config,
    log,
    proxies,
    uid: 0,
    bash: "bash",
    folder: bench.dir,
    launch,
  });
  const side = openConfinedSide(options, confinement);
  try {
    const goal = { branch: bench.branch, start: base, base, baseNames: { base: "main", defaultBranch: "main" } };
    const made = await ensureWorkspace({
      paths,
      place: side.place(),
      mirrorDir: bench.mirror.paths.dir,
      goal: { ...goal, isBranchOnGitHub: false },
      quarantineSuffix: "1",
    });
    expect(made).toMatchObject({ how: "created", head: base, quarantined: null });
    expect(existsSync(join(paths.tree, "README.md"))).toBe(true);
    const git = { author_name: "tac8", author_email: "tac8@localhost" };
    const home = { place: side.place(), home: paths.homeDir, env: {}, git, files: [], session: null };
    await openHome(home);
    expect(existsSync(join(paths.homeDir, ".gitconfig"))).toBe(true);
    expect(starts).toBe(1);
    // The runner itself writes to a folder only until a sandbox shows it.
    await gitIn(side.place(), paths.tree).raw(["status"]);
    expect(starts).toBe(2);
    await side.close();
    await openHome(home);
    expect(starts).toBe(3);
  } finally {
    await side.close();
    lock.release();
  }
});

test("empty folders from before a crash are no workspace, so they are not quarantined", async () => {
  for (const folder of [bench.paths.tree, bench.paths.gitDir]) await mkdir(folder, { recursive: true });
  expect(await bench.ensure()).toMatchObject({ how: "created", quarantined: null });
});
