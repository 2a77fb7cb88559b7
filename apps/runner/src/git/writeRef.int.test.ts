import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readRef } from "./refFiles.ts";
import { removeOwnRef, writeOwnRef } from "./writeRef.ts";

const NAME = "refs/tac8/base/gh-1";

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-ref-"));
  await git("init", "--quiet", "--bare", "--template=");
});
afterEach(() => rm(dir, { recursive: true }));

async function git(...args: string[]): Promise<string> {
  return (await execa("git", args, { cwd: dir, stdin: "ignore" })).stdout;
}

async function commit(message: string): Promise<string> {
  const tree = await git("hash-object", "-t", "tree", "-w", "--stdin");
  const identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
  return git(...identity, "commit-tree", tree, "-m", message);
}

test("git reads a written ref, even if it replaces a packed one or the lock of a crashed git", async () => {
  const [first, second] = [await commit("first"), await commit("second")];
  await writeOwnRef({ dir, name: NAME }, first);
  expect(await git("rev-parse", NAME)).toBe(first);
  await git("pack-refs", "--all");
  await mkdir(dirname(join(dir, NAME)), { recursive: true });
  await writeFile(join(dir, `${NAME}.lock`), "");
  await writeOwnRef({ dir, name: NAME }, second);
  await writeOwnRef({ dir, name: NAME }, second);
  expect([await git("rev-parse", NAME), await readRef(dir, NAME)]).toEqual([second, second]);
});

test("a removed ref is missing for git too; for a packed one, the caller learns that git must remove it", async () => {
  const sha = await commit("first");
  await writeOwnRef({ dir, name: NAME }, sha);
  await writeFile(join(dir, `${NAME}.lock`), "left by a process that died");
  expect(await removeOwnRef({ dir, name: NAME })).toBe(true);
  expect(await git("for-each-ref")).toBe("");
  expect(await readdir(join(dir, "refs/tac8/base"))).toEqual([]);
  expect(await removeOwnRef({ dir, name: NAME })).toBe(true);
  await writeOwnRef({ dir, name: NAME }, sha);
  await git("pack-refs", "--all");
  expect(await removeOwnRef({ dir, name: NAME })).toBe(false);
});

test("no incomplete repository is created", async () => {
  await expect(writeOwnRef({ dir: join(dir, "none"), name: NAME }, "a".repeat(40))).rejects.toThrow(/ENOENT/);
  expect(await readdir(dir)).not.toContain("none");
});
