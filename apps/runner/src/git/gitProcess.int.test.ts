import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { exited } from "../agent/testing/harness.ts";
import { runGit } from "./runGit.ts";
import { streamGit } from "./streamGit.ts";

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-git-"));
});
afterEach(() => rm(dir, { recursive: true }));

const file = (name: string) => join(dir, name);

/** A git that runs this script of the shell. */
async function fakeGit(script: string) {
  await mkdir(file("bin"));
  await writeFile(file("bin/git"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const env = { PATH: `${file("bin")}:${process.env["PATH"] ?? ""}` };
  return { dir, env, args: ["x"], maxBytes: 1000, timeoutMs: 600_000 };
}

/** Starts two programs, one of them below the other, that end by SIGKILL alone. */
const STUBBORN = `trap '' TERM; (trap '' TERM; echo $$ >'child'; while :; do sleep 1; done) & echo $! >pid; wait`;

test("what ends git ends everything that it has started, also what ignores SIGTERM", async () => {
  const command = await fakeGit(STUBBORN);
  const { code, errorText } = await runGit({ ...command, timeoutMs: 500 });
  expect([code, errorText]).toEqual([undefined, "git x took longer than 0.5 s"]);
  await exited(Number(await readFile(file("pid"), "utf8")));
});

/** Starts a program that leaves the process group of git, with its output. */
const ESCAPED = "setsid sh -c 'echo $$ >pid; exec sleep 600' & sleep 600";

test.each(["time", "kill"])("a stopped git ends even if an escaped process holds its output: %s", async (how) => {
  const git = streamGit({ ...(await fakeGit(ESCAPED)), timeoutMs: how === "time" ? 500 : 600_000 });
  git.stdout.resume();
  await vi.waitFor(() => readFile(file("pid"), "utf8").then((text) => expect(text).toMatch(/^\d+\n$/)), 10_000);
  try {
    if (how === "kill") git.kill();
    expect(await git.ended).toMatchObject({ code: undefined, timedOut: how === "time" });
  } finally {
    process.kill(Number(await readFile(file("pid"), "utf8")), "SIGKILL");
  }
});

test("a git that cannot be started is an answer without a code, which says why", async () => {
  const command = await fakeGit("exit 0");
  expect(await runGit({ ...command, env: { PATH: "/nonexistent" } })).toMatchObject({
    code: undefined,
    errorText: "git x: spawn git ENOENT",
  });
  expect(await runGit({ ...command, args: ["x".repeat(3_000_000)] })).toMatchObject({ code: undefined });
});

test("the error of a git that prints nothing names its exit code or its signal", async () => {
  const command = await fakeGit('case "$1" in x) exit 3;; esac; kill -KILL $$');
  expect(await runGit(command)).toMatchObject({ code: 3, stderr: "", errorText: "git x ended by exit code 3" });
  expect(await runGit({ ...command, args: ["y"] })).toMatchObject({
    code: undefined,
    errorText: "git y ended by SIGKILL",
  });
});
