import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";
import { oneToken } from "@tac8/core/github/tokens";
import { runCleanGitIn } from "../git/cleanSide.ts";
import type { RunGit } from "../git/executor.ts";
import { changesBetween } from "./changes.ts";
import { largeFiles } from "./large.ts";
import { strayEntries } from "./stray.ts";

let dir: string;
let base: string;
/** Git as on the clean side: in a repository without a worktree. */
let clean: RunGit;
const git = async (...args: string[]) =>
  (await execa("git", ["-C", dir, "-c", "user.name=a", "-c", "user.email=a@b.c", ...args])).stdout;
const write = (path: string, text: string | Buffer) => writeFile(join(dir, path), text);
const commit = async () => {
  await git("commit", "-q", "-m", "work");
  return git("rev-parse", "HEAD");
};

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-changes-"));
  await git("init", "-q", "-b", "main");
  await write("old.txt", "line\n");
  await git("add", "-A");
  base = await commit();
  const side = {
    url: "https://example.org/o/r",
    tokens: oneToken(null),
    mirrorDir: dir,
    env: { PATH: process.env["PATH"] ?? "" },
  };
  clean = runCleanGitIn(side, join(dir, ".git"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

test.each([
  ["https://example.org/lib", "ssh://git@example.org/lib"],
  ["ssh://git@example.org/lib", "https://example.org/lib"],
])("git uses the last of a submodule's URLs %s and %s, and each one is checked", async (...urls) => {
  const lines = urls.map((url) => `\turl = ${url}\n`).join("");
  await write(".gitmodules", `[submodule "lib"]\n\tpath = lib\n${lines}`);
  await git("add", "-A");
  await git("update-index", "--add", "--cacheinfo", `160000,${base},lib`);
  const head = await commit();
  await git("submodule", "init");
  expect(await git("config", "submodule.lib.url")).toBe(urls[1]);
  const changes = await changesBetween({ git: clean, base, head });
  expect(await strayEntries(clean, { changes, base, head })).toEqual([
    { path: "lib", why: "a submodule whose address is neither https:// nor relative" },
  ]);
});

test("changed entries are listed whatever .gitmodules says, with links and sizes", async () => {
  await write(".gitmodules", '[submodule "lib"]\n\tpath = lib\n\turl = ../lib\n\tignore = all\n');
  await write("big.bin", Buffer.alloc(51 * 1024 * 1024));
  await symlink("../..", join(dir, "out"));
  await rm(join(dir, "old.txt"));
  await git("add", "-A");
  await git("update-index", "--add", "--cacheinfo", `160000,${base},lib`);
  const head = await commit();
  const changes = await changesBetween({ git: clean, base, head });
  expect(changes.map(({ path, isIndirect }) => `${path}${isIndirect ? " →" : ""}`)).toEqual([
    ".gitmodules",
    "big.bin",
    "lib →",
    "old.txt",
    "out →",
  ]);
  expect(await strayEntries(clean, { changes, base, head })).toEqual([
    { path: "out", why: "a link to a path outside the repository" },
  ]);
  expect(await largeFiles(clean, changes)).toEqual([{ path: "big.bin", bytes: 51 * 1024 * 1024 }]);
});
