import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { finished } from "node:stream/promises";
import { setImmediate as turn } from "node:timers/promises";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";
import { exited, isRunning, numberIn } from "../../agent/testing/harness.ts";
import { tryLock } from "@tac8/core/process/flock";
import { spawned } from "./child.ts";
import { HELPER_PROGRAM, startPlaceHelper, type PlaceHelper } from "./client.ts";
import { MAX_CHUNK, MAX_ENTRIES, WINDOW } from "./protocol.ts";

const MB = 1024 * 1024;
const ENDED = { failure: { kind: "git", message: expect.stringContaining("ended by SIGKILL") } };
const CLOSED = { failure: { kind: "git", message: expect.stringContaining("was closed") } };

let dir = "";
let helper: PlaceHelper;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-helper-"));
  // A program that becomes the helper, as with a sandbox.
  helper = startPlaceHelper({
    start: () =>
      spawned({ command: ["sh", "-c", `echo $$ >'${file("pid")}'; exec "$@"`, "sh", ...HELPER_PROGRAM], env: {} }),
  });
});
afterEach(async () => {
  await helper.close();
  await rm(dir, { recursive: true });
});

const file = (name: string) => join(dir, name);
const pidOf = async (name: string) => Number(await readFile(file(name), "utf8"));

/** Create a fake git that runs this shell script, and writes its pid to the file `git`. @returns its command */
async function fakeGit(script: string) {
  await mkdir(file("bin"));
  await writeFile(
    file("bin/git"),
    `#!/bin/sh\necho $$ >'${file("git.part")}'; mv '${file("git.part")}' '${file("git")}'\n${script}\n`,
    { mode: 0o755 },
  );
  return {
    dir,
    env: { PATH: `${file("bin")}:${process.env["PATH"] ?? ""}` },
    args: ["x"],
    maxBytes: MB,
    timeoutMs: 600_000,
  };
}

test("no process is started before the first request, and none is left after close", async () => {
  const idle = startPlaceHelper({ start: () => spawned({ command: ["/nonexistent"], env: {} }) });
  await idle.close();
  await expect(idle.exists("/")).rejects.toMatchObject(CLOSED);
  expect(await helper.exists("/")).toBe(true);
  const pid = await pidOf("pid");
  await Promise.all([helper.close(), helper.close()]);
  expect(isRunning(pid)).toBe(false);
  await expect(helper.exists("/")).rejects.toMatchObject(CLOSED);
});

test("the failure names a program that cannot be started", async () => {
  const missing = startPlaceHelper({ start: () => spawned({ command: ["/nonexistent/bwrap"], env: {} }) });
  await expect(missing.exists("/")).rejects.toMatchObject({
    failure: {
      kind: "git",
      message: expect.stringMatching(/could not be started: spawn \/nonexistent\/bwrap ENOENT$/),
    },
  });
  await missing.close();
});

test("the helper gets the lock as descriptor 3, and releases it when it ends", async () => {
  const lock = await tryLock(file("lock"));
  if (lock === null) throw new Error("a new lock file was locked");
  const command = ["sh", "-c", `readlink /proc/$$/fd/3 >'${file("three")}'; exec "$@"`, "sh", ...HELPER_PROGRAM];
  const holder = startPlaceHelper({ start: () => spawned({ command, env: {}, lockFd: lock.fd }) });
  await holder.exists("/");
  lock.release();
  expect((await readFile(file("three"), "utf8")).trim()).toBe(file("lock"));
  expect(await tryLock(file("lock"))).toBeNull();
  await holder.close();
  (await tryLock(file("lock")))?.release();
});

test("a request that is too large is refused, and the next one is answered", async () => {
  const args = ["x".repeat(9 * MB)];
  await expect(helper.git({ ...(await fakeGit("")), args })).rejects.toMatchObject({ code: "E2BIG" });
  expect(await helper.exists("/")).toBe(true);
});

test("a folder with too many files can be listed in part, but not as a whole", async () => {
  await execa("sh", ["-c", 'cd "$0"; seq 100001 | xargs touch', dir]);
  await rm(file("1"));
  await rm(file("2"));
  expect(await helper.list(dir)).toHaveLength(MAX_ENTRIES);
  await writeFile(file("1"), "");
  await writeFile(file("2"), "");
  await expect(helper.list(dir)).rejects.toMatchObject({ code: "EOVERFLOW" });
  expect(await helper.list(dir, 10)).toHaveLength(10);
});

test("a stream of 200 MB is buffered in neither process, and other requests are answered meanwhile", async () => {
  const command = await fakeGit(`head -c ${200 * MB} /dev/zero`);
  const { stdout, ended } = helper.streamGit(command);
  if (!(stdout instanceof PassThrough)) throw new Error("another stream");
  const kept = () => stdout.readableLength + stdout.writableLength;
  const git = await numberIn(file("git"));
  for (let request = 0; request < 50; request += 1) await helper.stat(dir); // The stream has no reader yet.
  expect(kept()).toBeLessThanOrEqual((WINDOW + 1) * MAX_CHUNK);
  let bytes = 0;
  let most = 0;
  for await (const chunk of stdout as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    most = Math.max(most, kept());
    if (bytes % (16 * MAX_CHUNK) === 0) await turn();
  }
  expect(bytes).toBe(200 * MB);
  expect(most).toBeLessThanOrEqual((WINDOW + 1) * MAX_CHUNK);
  expect(await ended).toEqual({ code: 0, errorText: "", timedOut: false });
  const [, peak = ""] = /^VmHWM:\s+(\d+) kB/m.exec(await readFile(`/proc/${await pidOf("pid")}/status`, "utf8")) ?? [];
  expect(Number(peak) / 1024).toBeLessThan(150);
  await exited(git);
});

test("git ends when the reader of its stream stops reading", async () => {
  const { stdout, ended } = helper.streamGit(await fakeGit("exec cat /dev/zero"));
  stdout.resume();
  const git = await numberIn(file("git"));
  stdout.destroy();
  expect((await ended).code).toBeUndefined();
  await exited(git);
});

test("a killed stream and one past its time limit end their git", async () => {
  const command = await fakeGit("exec cat /dev/zero");
  const killed = helper.streamGit(command);
  const git = await numberIn(file("git"));
  killed.kill();
  expect(await killed.ended).toMatchObject({ code: undefined, timedOut: false });
  await exited(git);
  const late = helper.streamGit({ ...command, timeoutMs: 1 });
  late.stdout.resume();
  expect(await late.ended).toMatchObject({ code: undefined, timedOut: true });
});

test("an abort ends a running git command and a running stream", async () => {
  const command = await fakeGit("exec sleep 600");
  const stop = new AbortController();
  const work = helper.git({ ...command, signal: stop.signal });
  const git = await numberIn(file("git"));
  await rm(file("git"));
  const stream = helper.streamGit({ ...command, signal: stop.signal });
  const other = await numberIn(file("git"));
  stop.abort(new Error("shutting down"));
  await expect(work).rejects.toThrow("shutting down");
  expect(isRunning(git)).toBe(false);
  expect((await stream.ended).code).toBeUndefined();
  await exited(other);
  expect(await helper.exists(dir)).toBe(true);
});

test("when the helper dies, every pending and every later request fails", async () => {
  const command = await fakeGit("exec cat /dev/zero");
  const stream = helper.streamGit(command);
  const git = await numberIn(file("git"));
  const work = helper.git({ ...command, maxBytes: 256 * MB });
  process.kill(await pidOf("pid"), "SIGKILL");
  await expect(work).rejects.toMatchObject(ENDED);
  await expect(finished(stream.stdout.resume())).rejects.toMatchObject(ENDED);
  expect(await stream.ended).toMatchObject({ code: undefined, errorText: expect.stringContaining("SIGKILL") });
  await expect(helper.stat(dir)).rejects.toMatchObject(ENDED);
  await expect(helper.exists(dir)).rejects.toMatchObject(ENDED);
  await exited(git); // Its output has no reader.
});

test("close ends running git commands and fails pending requests", async () => {
  const work = helper.git(await fakeGit("exec sleep 600"));
  const git = await numberIn(file("git"));
  const closing = helper.close();
  await expect(work).rejects.toMatchObject(CLOSED);
  await closing;
  expect([isRunning(git), isRunning(await pidOf("pid"))]).toEqual([false, false]);
});
