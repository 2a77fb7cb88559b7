import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Config } from "@tac8/core/config/resolve";
import { createLogger } from "@tac8/core/log/logger";
import { openConfinedSide } from "../helper/confined.ts";
import { lockWorkspace } from "../../workspace/lock.ts";
import { ensureWorkspace } from "../../workspace/ensure.ts";
import { createGitBench, type GitBench } from "../../workspace/testing/gitBench.ts";
import { sandboxConfinement } from "./side.ts";

let bench: GitBench;
beforeEach(async () => {
  bench = await createGitBench();
});
afterEach(() => bench.close());

test("one helper creates a new workspace, so only one sandbox for git is started", async () => {
  await bench.mirror.refresh();
  const base = await bench.base();
  const { paths, env } = bench;
  const lock = await lockWorkspace(paths);
  if (lock === null) throw new Error("the workspace is locked");
  const roots = [paths.tree, paths.gitDir, paths.tmpDir, paths.homeDir];
  const objects = join(bench.mirror.paths.dir, "objects");
  const options = { roots, objects, read: [], env, lock, name: "slot-0" };
  let starts = 0;
  const config = { agent: { nested_sandbox: false } } as Config;
  const log = createLogger({ name: "test", secrets: [], destination: { write: () => undefined } });
  const launch = (): string[] => {
    starts += 1;
    return []; // The helper runs without a sandbox.
  };
  const confinement = sandboxConfinement(options, { config, log, uid: 0, bash: "bash", folder: bench.dir, launch });
  const side = openConfinedSide(options, confinement);
  try {
    const goal = { branch: bench.branch, start: base, base, names: { base: "main", defaultBranch: "main" } };
    const made = await ensureWorkspace({
      paths,
      place: side.place(),
      mirrorDir: bench.mirror.paths.dir,
      goal: { ...goal, published: false },
      stamp: "1",
    });
    expect(made).toMatchObject({ how: "created", head: base, quarantined: null });
    expect(existsSync(join(paths.tree, "README.md"))).toBe(true);
    expect(starts).toBe(1);
  } finally {
    await side.close();
    lock.release();
  }
});

test("empty folders from before a crash are no workspace, so they are not quarantined", async () => {
  for (const folder of [bench.paths.tree, bench.paths.gitDir]) await mkdir(folder, { recursive: true });
  expect(await bench.ensure()).toMatchObject({ how: "created", quarantined: null });
});
