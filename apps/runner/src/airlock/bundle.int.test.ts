import { rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createGitBench, type GitBench } from "../workspace/testing/gitBench.ts";
import { streamBundle } from "./bundle.ts";
import { unbundle } from "./unbundle.ts";

let bench: GitBench;
beforeEach(async () => {
  bench = await createGitBench();
  await bench.ensure();
});
afterEach(() => bench.close());

const take = (timeoutMs?: number) =>
  streamBundle({
    tree: bench.paths.tree,
    place: bench.place,
    known: [],
    file: join(bench.dir, "out.bundle"),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });

test("a pipe that an agent put in place of a git file does not block the slot forever", async () => {
  const alternates = join(bench.paths.gitDir, "objects/info/alternates");
  await rm(alternates);
  await execa("mkfifo", [alternates]);
  await expect(take(300)).rejects.toMatchObject({
    failure: { kind: "git", message: expect.stringContaining("took longer than") as string },
  });
});

test("an endless check does not block the slot forever", async () => {
  await take();
  const { dir } = bench.mirror.paths;
  await execa("mkfifo", [join(dir, "objects/info/alternates")]);
  const checked = unbundle({ side: bench.clean, dir, file: join(bench.dir, "out.bundle"), timeoutMs: 300 });
  await expect(checked).rejects.toMatchObject({
    failure: { kind: "git", message: expect.stringContaining("took too long") as string },
  });
});
