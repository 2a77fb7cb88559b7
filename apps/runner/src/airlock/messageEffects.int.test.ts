import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";
import { oneToken } from "@tac8/core/github/tokens";
import { readMessageEffects } from "./messageEffects.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-effects-"));
  await execa("git", ["init", "-q", "--bare", "-b", "main", dir]);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** Search commits with these messages, on top of an empty base, the oldest first. */
async function search(messages: readonly string[]) {
  const identity = "committer a <a@b.c> 1 +0000";
  const commits = ["base", ...messages].map(
    (message) => `commit refs/heads/main\n${identity}\ndata ${Buffer.byteLength(message)}\n${message}\n`,
  );
  await execa("git", ["-C", dir, "fast-import", "--quiet"], { input: commits.join("") });
  const { stdout: base } = await execa("git", ["-C", dir, "rev-list", "--max-parents=0", "main"]);
  const clean = {
    url: "https://example.org/o/r",
    tokens: oneToken(null),
    mirrorDir: dir,
    env: { PATH: process.env["PATH"] ?? "" },
  };
  const { signal } = new AbortController();
  return readMessageEffects({ clean, dir, base, head: "main", own: 1, signal });
}

test.each<[string, string[], { found: number; isWhole: boolean }]>([
  ["few commits", ["fixes #2", "work"], { found: 1, isWhole: true }],
  ["the maximum that is read", ["fixes #2", ...Array<string>(199).fill("work")], { found: 1, isWhole: true }],
  ["one more", ["fixes #2", ...Array<string>(200).fill("work")], { found: 1, isWhole: false }],
  ["many more", ["fixes #2", ...Array<string>(300).fill("work")], { found: 0, isWhole: false }],
  ["one long message", ["fixes #2", "x".repeat(2_000_000)], { found: 0, isWhole: false }],
])("%s", async (_name, messages, { found, isWhole }) => {
  const effects = await search(messages);
  expect(effects.commits).toHaveLength(found);
  expect(effects.isWhole).toBe(isWhole);
});
