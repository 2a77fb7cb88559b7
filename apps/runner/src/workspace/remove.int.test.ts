import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { directPlace } from "../agentPlace/direct.ts";
import { asNobody } from "./testing/asNobody.ts";
import { workspacePaths, type WorkspacePaths } from "./paths.ts";
import { removeWorkspace } from "./remove.ts";

const FILES = ["lockFile", "promptFile", "endFile", "branchFile"] as const;
const FORMER = ["lockFile", "promptFile"] as const;
let dir = "";
let paths: WorkspacePaths;
const place = directPlace({ env: {}, bash: "bash" });
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-remove-"));
  paths = workspacePaths(dir, "trees", { owner: "octo", repo: "widgets", number: 1 });
  await mkdir(join(paths.tree, "cache/module"), { recursive: true });
  for (const folder of [paths.gitDir, paths.homeDir]) await mkdir(folder, { recursive: true });
  for (const file of [paths.promptFile, paths.former.promptFile]) await mkdir(dirname(file), { recursive: true });
  for (const file of [
    ...FILES.map((name) => paths[name]),
    ...FORMER.map((name) => paths.former[name]),
    join(paths.tree, "cache/module/file"),
  ]) {
    await writeFile(file, "");
  }
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

const left = () =>
  [...Object.values(paths), ...Object.values(paths.former)].filter(
    (path) => typeof path === "string" && existsSync(path),
  );

test("removes the whole workspace, and a second call is no error", async () => {
  await removeWorkspace(place, paths, { keepsSession: false });
  expect(left()).toEqual([]);
  await removeWorkspace(place, paths, { keepsSession: false });
});

test("keeps the home folder if its session is resumed", async () => {
  await removeWorkspace(place, paths, { keepsSession: true });
  expect(left()).toEqual([paths.homeDir]);
});

test("removes folders that not even their owner may write to, and does not follow links", async () => {
  const outside = join(dir, "outside");
  await mkdir(outside, { mode: 0o500 });
  await writeFile(join(outside, "file"), "");
  await symlink(outside, join(paths.tree, "cache/link"));
  await asNobody(dir, async () => {
    for (const name of ["cache/module", "cache", "."]) await chmod(join(paths.tree, name), 0o500);
    await removeWorkspace(place, paths, { keepsSession: false });
  });
  expect(left()).toEqual([]);
  expect(existsSync(join(outside, "file"))).toBe(true);
});
