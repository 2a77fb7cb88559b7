import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { oneToken } from "@tac8/core/github/tokens";
import { addSecret } from "@tac8/core/log/redact";
import { rangesOf } from "../airlock/ranges.ts";
import { runCleanGitIn } from "../git/cleanSide.ts";
import type { RunGit } from "../git/executor.ts";
import { ProcessPool } from "../process/pool.ts";
import { findSecrets } from "./findSecrets.ts";
import { startScanner } from "./scanner.ts";

/** Joined from parts, so that no scanner reports this file. */
const TOKEN = ["ghp", "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"].join("_");
const VALUE = "canary-0123456789abcdefghij";
const { signal } = new AbortController();
/** The tests share it, so most of them search with a process that has searched before. */
const scanners = new ProcessPool({ start: startScanner, maxIdle: 1 });
afterAll(() => scanners.close());

let dir: string;
let base: string;
/** Git as on the clean side: only the repository, without a work tree. */
let clean: RunGit;
const git = async (...args: string[]) =>
  (await execa("git", ["-C", dir, "-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "gc.auto=0", ...args])).stdout;
const write = async (path: string, text: string | Buffer) => {
  await mkdir(dirname(join(dir, path)), { recursive: true });
  await writeFile(join(dir, path), text);
};
const commit = async (message = "work") => {
  await git("add", "-A");
  await git("commit", "-q", "-m", message);
};

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-secrets-"));
  await git("init", "-q", "-b", "main");
  await write("README.md", "hello\n");
  await write("old.txt", `${VALUE}\nline\n`);
  await commit("base");
  base = await git("rev-parse", "HEAD");
  const side = {
    url: "https://example.org/o/r",
    tokens: oneToken(null),
    mirrorDir: dir,
    env: { PATH: process.env["PATH"] ?? "" },
  };
  clean = runCleanGitIn(side, join(dir, ".git"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function search() {
  const head = await git("rev-parse", "HEAD");
  const answer = await findSecrets({
    git: clean,
    ranges: rangesOf(clean),
    published: [base],
    head,
    texts: [],
    values: [VALUE],
    scanners,
    signal,
  });
  if ("unsearched" in answer) throw new Error(answer.unsearched);
  return answer;
}

async function found(): Promise<string[]> {
  const answer = await search();
  expect(answer.unchecked).toBeNull();
  return answer.findings.map(({ where, line }) => `${where}:${line ?? "?"}`);
}

test.each<[string, () => Promise<unknown>, string[]]>([
  ["a file with the attribute binary", () => write("a.txt", `x\n${VALUE}\n`), ["a.txt:2"]],
  ["a file with zero bytes", () => write("b.bin", Buffer.from(`\0\0\n${VALUE}\0`)), ["b.bin:2"]],
  ["a folder with blanks and quotes", () => write('d e/"f".txt', VALUE), [String.raw`d e/\"f\".txt:1`]],
  ["a line beside an existing one", () => write("old.txt", `${VALUE}\nline\nmore\n`), []],
  ["a link's target", () => symlink(VALUE, join(dir, "link")), ["link:1"]],
])("%s", async (_name, change, expected) => {
  await write(".gitattributes", "* -diff\n*.txt binary\n");
  await change();
  await commit();
  expect(await found()).toEqual(expected);
});

test("finds a value that only a merge adds", async () => {
  await git("checkout", "-q", "-b", "side");
  await write("side.txt", "side\n");
  await commit();
  await git("checkout", "-q", "main");
  await write("main.txt", "main\n");
  await commit();
  await git("merge", "-q", "--no-commit", "side");
  await write("README.md", `hello\n${VALUE}\n`);
  await commit("merge");
  expect(await found()).toEqual(["README.md:2"]);
});

test.each<[string, string, string]>([
  ["an author", `author ${VALUE} <a@b.c> 1 +0000`, ""],
  ["a committer's address", "author a <a@b.c> 1 +0000", `\ncommitter a <${VALUE}@b.c> 1 +0000`],
  ["another header", "author a <a@b.c> 1 +0000", `\ncommitter a <a@b.c> 1 +0000\nx-note ${VALUE}`],
  ["a message in UTF-16", "author a <a@b.c> 1 +0000", `\ncommitter a <a@b.c> 1 +0000\n\n${VALUE.split("").join("\0")}`],
])("%s", async (_name, author, rest) => {
  const tree = await git("rev-parse", "HEAD^{tree}");
  const committer = rest.includes("committer") ? "" : "\ncommitter a <a@b.c> 1 +0000";
  const raw = `tree ${tree}\nparent ${base}\n${author}${committer}${rest}\n\nnothing\n`;
  const write = ["-C", dir, "hash-object", "-t", "commit", "-w", "--literally", "--stdin"];
  const { stdout: commit } = await execa("git", write, { input: raw });
  await git("update-ref", "HEAD", commit);
  expect(await found()).toEqual([expect.stringContaining("a commit's message or author")]);
});

test("finds a value in more text than the patterns search", async () => {
  await write("a.txt", `${"some words of a long text\n".repeat(1_500_000)}${VALUE}\n`);
  await commit();
  const answer = await search();
  expect(answer.findings).toEqual([expect.objectContaining({ where: "a.txt", line: 1_500_001, isCertain: true })]);
  expect(answer.unchecked).toBe("the text is too long");
});

test("finds a value and a token among many small files", async () => {
  for (let index = 0; index < 20; index += 1) await mkdir(join(dir, `d${index}`));
  for (let index = 0; index < 20_000; index += 1) await write(`d${index % 20}/f${index}.txt`, `line ${index}\n`);
  await write("z.txt", `${VALUE}\n${TOKEN}\n`);
  await commit();
  expect(await found()).toEqual(["z.txt:1", "z.txt:2"]);
});

test("reports a value of this installation in a moved line, but no token of the base", async () => {
  await write("fixture.txt", `first\n${TOKEN}\n${VALUE}\nlast\n`);
  await commit();
  base = await git("rev-parse", "HEAD");
  await git("mv", "fixture.txt", "a.txt");
  await write("a.txt", `another\n${TOKEN}\n${VALUE}\nlast\n`);
  await commit();
  await git("mv", "a.txt", "z.txt");
  await commit();
  const { findings } = await search();
  expect(findings.map(({ where, line, rule }) => `${where}:${line} ${rule}`)).toEqual([
    "z.txt:3 a secret of this tac8",
    "a.txt:3 a secret of this tac8",
  ]);
});

test("finds a token that one commit adds, even if another commit moves or removes it", async () => {
  await write("a.txt", `${TOKEN}\n`);
  await commit();
  await git("mv", "a.txt", "b.txt");
  await commit();
  await rm(join(dir, "b.txt"));
  await commit();
  expect(await found()).toEqual(["a.txt:1"]);
});

test("finds a new key between the first and last line of a removed one", async () => {
  const [first, last] = ["BEGIN", "END"].map((word) => `-----${word} RSA PRIVATE KEY-----`);
  const key = (body: string) => `${first}\n${`${body.repeat(4)}\n`.repeat(20)}${last}\n`;
  await write("old.pem", key("MIIEogIBAAKCAQEA"));
  await commit();
  base = await git("rev-parse", "HEAD");
  await git("mv", "old.pem", "moved.pem");
  await commit();
  expect(await found()).toEqual([]);
  await rm(join(dir, "moved.pem"));
  await write("new.pem", key("MIIEpAIBAAKCAQEB"));
  await commit();
  expect(await found()).toEqual(["new.pem:1"]);
});

test("finds a token that GitHub has issued since the start", async () => {
  const made = "canary-made-0123456789";
  addSecret(made);
  await write("made.txt", Buffer.from(made).toString("hex"));
  await commit();
  expect(await found()).toEqual(["made.txt:1"]);
});

test("finds nothing without new commits", async () => {
  expect(await found()).toEqual([]);
});
