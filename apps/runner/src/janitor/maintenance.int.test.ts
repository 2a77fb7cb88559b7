import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cleanGit } from "../git/cleanSide.ts";
import { createGitBench, type GitBench } from "../workspace/testing/gitBench.ts";
import { needsMaintenance } from "./maintenance.ts";

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
])("%d single objects and %d packs: due %s", (looseObjects, packs, due) => {
  expect(needsMaintenance({ looseObjects, packs })).toBe(due);
});

test("packing drops nothing that a workspace borrows, though no branch has it any more", async () => {
  await bench.push("gone", { "gone.txt": "gone\n" });
  await bench.mirror.refresh();
  const gone = (await bench.mirror.branch("gone")) ?? "";
  await bench.ensure();
  await bench.agent(["checkout", "--quiet", gone]);
  await bench.agent(["push", "--quiet", bench.originDir, ":refs/heads/gone"]);
  for (const name of ["a", "b", "c"]) {
    await bench.push("main", { [`${name}.txt`]: name });
    await bench.mirror.refresh();
    await cleanGit(bench.clean, bench.mirror.paths.dir).raw(["repack", "--quiet", "-d"]);
  }
  expect(await bench.mirror.branch("gone")).toBeNull();
  const { packs } = await bench.mirror.size();
  const left = join(bench.mirror.paths.dir, "objects", "pack", "tmp_pack_x");
  await writeFile(left, "half of it");

  await bench.mirror.pack(AbortSignal.timeout(60_000));
  const after = await bench.mirror.size();
  expect(packs).toBeGreaterThanOrEqual(3);
  expect(after).toEqual({ looseObjects: 0, packs: 1 });
  expect(await bench.agent(["fsck", "--no-dangling"])).toBe("");
  expect(await bench.agent(["show", `${gone}:gone.txt`])).toBe("gone");
  await bench.mirror.refresh();
});
