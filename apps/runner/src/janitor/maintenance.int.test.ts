import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cleanGit } from "../git/cleanSide.ts";
import { createGitBench, type GitBench } from "../workspace/testing/gitBench.ts";
import { createLogger } from "@tac8/core/log/logger";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { LOCK_WAIT_MS, Mirror } from "../workspace/mirror.ts";
import { mirrorPaths } from "../workspace/paths.ts";
import { configFor } from "./testing.fixture.ts";
import { maintainMirrors, MAX_PACK_MS, needsMaintenance } from "./maintenance.ts";

let bench: GitBench;
beforeEach(async () => {
  bench = await createGitBench();
});
afterEach(() => bench.close());

test.each([
  [0, 0, false],
  [1999, 19, false],
  [2000, 0, true],
  [0, 20, true],
])("with %d single objects and %d packs, maintenance is due: %s", (looseObjects, packs, due) => {
  expect(needsMaintenance({ looseObjects, packs })).toBe(due);
});

test("packing keeps objects that a workspace borrows, although no branch has them", async () => {
  await bench.push("removed", { "removed.txt": "removed\n" });
  await bench.mirror.refresh();
  const deleted = (await bench.mirror.branch("removed")) ?? "";
  await bench.ensure();
  await bench.agent(["checkout", "--quiet", deleted]);
  await bench.agent(["push", "--quiet", bench.originDir, ":refs/heads/removed"]);
  for (const name of ["a", "b", "c"]) {
    await bench.push("main", { [`${name}.txt`]: name });
    await bench.mirror.refresh();
    await cleanGit(bench.clean, bench.mirror.paths.dir).raw(["repack", "--quiet", "-d"]);
  }
  expect(await bench.mirror.branch("removed")).toBeNull();
  const { packs } = await bench.mirror.size();
  const left = join(bench.mirror.paths.dir, "objects", "pack", "tmp_pack_x");
  await writeFile(left, "half of it");

  await bench.mirror.pack(AbortSignal.timeout(60_000));
  const after = await bench.mirror.size();
  expect(packs).toBeGreaterThanOrEqual(3);
  expect(after).toEqual({ looseObjects: 0, packs: 1 });
  expect(await bench.agent(["fsck", "--no-dangling"])).toBe("");
  expect(await bench.agent(["show", `${deleted}:removed.txt`])).toBe("removed");
  await bench.mirror.refresh();
});

fieldTest("F10", "a job waits for its mirror for longer than maintenance may use it", () => {
  expect(MAX_PACK_MS).toBeLessThan(LOCK_WAIT_MS);
});

test("packing that takes too long is stopped, and a waiting job gets the mirror", async () => {
  await bench.mirror.refresh();
  const bin = join(bench.dir, "bin");
  const packing = join(bench.dir, "packing");
  const path = process.env["PATH"] ?? "";
  const script = `#!/bin/sh
PATH='${path}'
case " $* " in
  *" count-objects "*) echo "count: 0"; echo "packs: 99" ;;
  *" repack "*) touch '${packing}'; exec sleep 600 ;;
  *) exec git "$@" ;;
esac
`;
  await mkdir(bin);
  await writeFile(join(bin, "git"), script, { mode: 0o755 });
  const config = configFor(bench);
  const logged: string[] = [];
  const log = createLogger({ name: "test", secrets: [], destination: { write: (line) => void logged.push(line) } });
  const slow = { ...config, agentEnv: { ...config.agentEnv, PATH: `${bin}:${path}` } };
  const maintaining = maintainMirrors({ config: slow, log, signal: new AbortController().signal, maxPackMs: 1000 });
  await expect.poll(() => existsSync(packing), { timeout: 60_000 }).toBe(true);
  const job = new Mirror(mirrorPaths(bench.home, { owner: "octo", repo: "widgets" }), bench.clean, {
    lockWaitMs: 60_000,
  });
  await job.refresh();
  await maintaining;
  expect(logged.join("")).toContain("could not pack the mirror");
});
