import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";
import { oneToken } from "@tac8/core/github/tokens";
import { runCleanGitIn } from "../git/cleanSide.ts";
import { readMessageEffects } from "./messageEffects.ts";
import { rangesOf } from "./ranges.ts";

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
  return effectsOf("main");
}

/** Search the commits of a revision, on top of the empty base. */
async function effectsOf(head: string) {
  const { stdout: base } = await execa("git", ["-C", dir, "rev-list", "--max-parents=0", "main"]);
  const clean = {
    url: "https://example.org/o/r",
    tokens: oneToken(null),
    mirrorDir: dir,
    env: { PATH: process.env["PATH"] ?? "" },
  };
  return readMessageEffects({ ranges: rangesOf(runCleanGitIn(clean, dir)), base, head, own: 1 });
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

test("names the newest first, and a message that looks like another commit belongs to its own", async () => {
  const shas = async () => (await execa("git", ["-C", dir, "rev-list", "main"])).stdout.split("\n");
  const effects = await search(["fixes #2", "work\n\ncommit 20\n\nfixes #3\n\n", "work\n", "thanks @angular"]);
  const [newest, , middle, oldest] = await shas();
  expect(effects.commits).toEqual([newest, middle, oldest].map((sha) => sha?.slice(0, 7)));
  expect(effects.isWhole).toBe(true);
});

test.each<[string, string, Buffer, { found: number; isWhole: boolean }]>([
  ["in its encoding", "UTF-16LE", Buffer.from("fixes #2", "utf16le"), { found: 1, isWhole: true }],
  ["in Latin-1", "ISO-8859-1", Buffer.from("für\n\nfixes #2", "latin1"), { found: 1, isWhole: true }],
  ["in another encoding than it says", "UTF-16LE", Buffer.from("fixes #2"), { found: 1, isWhole: true }],
  ["in an unknown encoding", "IBM037", Buffer.from("work"), { found: 0, isWhole: false }],
  ["after a zero byte", "UTF-8", Buffer.from("work\0\nfixes #2"), { found: 1, isWhole: true }],
])("a message %s", async (_name, encoding, message, { found, isWhole }) => {
  await search([]);
  const { stdout: tree } = await execa("git", ["-C", dir, "rev-parse", "main^{tree}"]);
  const { stdout: parent } = await execa("git", ["-C", dir, "rev-parse", "main"]);
  const identity = "a <a@b.c> 1 +0000";
  const headers = `tree ${tree}\nparent ${parent}\nauthor ${identity}\ncommitter ${identity}\nencoding ${encoding}\n\n`;
  const write = ["-C", dir, "hash-object", "-t", "commit", "-w", "--literally", "--stdin"];
  const { stdout: head } = await execa("git", write, { input: Buffer.concat([Buffer.from(headers), message]) });
  const effects = await effectsOf(head);
  expect(effects.commits).toHaveLength(found);
  expect(effects.isWhole).toBe(isWhole);
});
