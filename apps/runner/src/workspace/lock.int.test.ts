import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, statSync, writeSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { tryLock } from "@tac8/core/process/flock";
import { lockWorkspace, removeLockFiles } from "./lock.ts";
import { workspacePaths, type WorkspacePaths } from "./paths.ts";

let dir = "";
let paths: WorkspacePaths;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-lock-"));
  paths = workspacePaths(dir, "trees", { owner: "octo", repo: "widgets", number: 1 });
  await mkdir(dirname(paths.former.lockFile), { recursive: true });
});
afterEach(() => rm(dir, { recursive: true }));

test("a lock has one holder and a private folder, and nothing is created in its former place", async () => {
  const held = await lockWorkspace(paths);
  expect(held?.path).toBe(paths.lockFile);
  expect(await lockWorkspace(paths)).toBeNull();
  held?.release();
  const again = await lockWorkspace(paths);
  expect(again).not.toBeNull();
  again?.release();
  for (let folder = dirname(paths.lockFile); folder !== dir; folder = dirname(folder))
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(existsSync(paths.former.lockFile)).toBe(false);
});

test("a workspace that a runner of an older version has locked cannot be locked, and no lock is kept", async () => {
  const older = await tryLock(paths.former.lockFile);
  expect(await lockWorkspace(paths)).toBeNull();
  const newer = await tryLock(paths.lockFile);
  expect(newer).not.toBeNull();
  newer?.release();
  older?.release();
  const held = await lockWorkspace(paths);
  expect(held).not.toBeNull();
  held?.release();
});

test("a runner of an older version cannot lock a locked workspace until it is released", async () => {
  (await tryLock(paths.former.lockFile))?.release();
  const held = await lockWorkspace(paths);
  expect(await tryLock(paths.former.lockFile)).toBeNull();
  held?.release();
  const older = await tryLock(paths.former.lockFile);
  expect(older).not.toBeNull();
  older?.release();
});

test("another kind of file in the former place is no lock", async () => {
  await mkdir(paths.former.lockFile);
  const held = await lockWorkspace(paths);
  expect(held).not.toBeNull();
  held?.release();
});

test("both lock files are removed", async () => {
  (await tryLock(paths.former.lockFile))?.release();
  const held = await lockWorkspace(paths);
  await removeLockFiles(paths);
  held?.release();
  expect([paths.lockFile, paths.former.lockFile].filter(existsSync)).toEqual([]);
});

test("a sandbox can neither release the lock nor write with its descriptor", async () => {
  const held = await lockWorkspace(paths);
  const fd = held?.insideFd ?? -1;
  expect(spawnSync("flock", ["-u", "3"], { stdio: ["ignore", "ignore", "ignore", fd] }).status).toBe(0);
  expect(await lockWorkspace(paths)).toBeNull();
  expect(() => writeSync(fd, "x")).toThrow("EBADF");
  held?.release();
});

test("a live sandbox holds the lock of the workspace after its runner and guard died", async () => {
  const held = await lockWorkspace(paths);
  const inside = spawn("sleep", ["600"], { stdio: ["ignore", "ignore", "ignore", held?.insideFd] });
  held?.release();
  expect(await lockWorkspace(paths)).toBeNull();
  inside.kill("SIGKILL");
  await once(inside, "exit");
  const again = await lockWorkspace(paths);
  expect(again).not.toBeNull();
  again?.release();
});
