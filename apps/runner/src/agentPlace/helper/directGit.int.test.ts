import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { tryLock } from "@tac8/core/process/flock";
import { isRunning } from "../../agent/testing/harness.ts";
import { DirectGit } from "./directGit.ts";

let dir = "";
beforeEach(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), "tac8-own-git-")));
});
afterEach(() => rm(dir, { recursive: true }));

/** Return a command of a git that runs this shell script. */
async function commandOf(script: string, more: { readonly signal?: AbortSignal } = {}) {
  const bin = join(dir, "bin");
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, "git"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const env = { PATH: `${bin}:${process.env["PATH"]}` };
  return { dir, env, args: ["x"], maxBytes: 1000, timeoutMs: 600_000, ...more };
}

/** A script that runs until it is ended, with its own process id and that of its child in a file. */
const endless = () => `sleep 600 & echo $! $$ > ${join(dir, "pids")}; wait`;
async function pids(): Promise<number[]> {
  const read = async () => (await readFile(join(dir, "pids"), "utf8").catch(() => "")).trim();
  await expect.poll(read, { timeout: 60_000 }).toMatch(/^\d+ \d+$/);
  return (await read()).split(" ").map(Number);
}

test("after close no command is alive, nor what it has started, and a later command runs", async () => {
  const own = new DirectGit();
  const running = Promise.allSettled([own.run(await commandOf(endless()))]);
  const started = await pids();
  await own.close();
  expect(started.filter(isRunning)).toEqual([]);
  expect(await running).toMatchObject([{ reason: { failure: { kind: "git" } } }]);
  expect(await own.run(await commandOf("echo again"))).toMatchObject({ code: 0, bytes: Buffer.from("again\n") });
});

test("a command that the run's signal ends rejects with the signal's reason", async () => {
  const stop = new AbortController();
  const running = Promise.allSettled([new DirectGit().run(await commandOf(endless(), { signal: stop.signal }))]);
  await pids();
  stop.abort(new Error("shutting down"));
  expect(await running).toMatchObject([{ reason: new Error("shutting down") }]);
});

test("git keeps the lock of the workspace's sandboxes, so no agent starts while a git outlives its runner", async () => {
  const lock = await tryLock(join(dir, "lock"), { readOnly: true });
  const { bytes } = await new DirectGit(lock?.fd).run(await commandOf("readlink /proc/self/fd/3"));
  lock?.release();
  expect(bytes.toString()).toBe(`${join(dir, "lock")}\n`);
});

test("a missing folder is reported as such", async () => {
  const command = { ...(await commandOf("true")), dir: join(dir, "missing") };
  await expect(new DirectGit().run(command)).rejects.toThrow(`the folder ${command.dir} is missing`);
});
