import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lock, tryLock } from "./flock.ts";

const HOLDER = fileURLToPath(new URL("./holdLock.fixture.ts", import.meta.url));
let dir = "";
let path = "";
let cleanup: (() => void)[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tac8-lock-"));
  path = join(dir, "x.lock");
});

afterEach(() => {
  for (const action of cleanup.toReversed()) action();
  cleanup = [];
  rmSync(dir, { recursive: true });
});

/** Starts a process that holds the lock. @returns it and the line it said. */
async function hold(...args: string[]): Promise<{ child: ChildProcess; output: string }> {
  const child = spawn(process.execPath, [HOLDER, path, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  cleanup.push(() => child.kill("SIGKILL"));
  const [output] = await once(child.stdout, "data");
  return { child, output: String(output).trim() };
}

test("one holder at a time, also within one process", async () => {
  const first = await tryLock(path);
  expect(first).not.toBeNull();
  expect(await tryLock(path)).toBeNull();
  first?.release();
  first?.release();
  const second = await tryLock(path);
  expect(second).not.toBeNull();
  second?.release();
});

test("another process holds it until it is killed", async () => {
  const { child } = await hold();
  expect(await tryLock(path)).toBeNull();
  const waiting = lock(path, { timeoutMs: 60_000 });
  child.kill("SIGKILL");
  (await waiting).release();
});

test("a child that inherited it keeps it after its parent's death", async () => {
  const { child, output } = await hold("with-child");
  const heir = Number(output);
  cleanup.push(() => process.kill(heir, "SIGKILL"));
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(await tryLock(path)).toBeNull();
  cleanup.pop();
  process.kill(heir, "SIGKILL");
  (await lock(path, { timeoutMs: 60_000 })).release();
});

test("waiting ends at its bound, and by its signal", async () => {
  const held = await lock(path);
  cleanup.push(held.release);
  await expect(lock(path, { timeoutMs: 50 })).rejects.toThrow(`lock ${path} was not free within 50 ms`);
  const abort = new AbortController();
  const waiting = lock(path, { signal: abort.signal });
  abort.abort(new Error("no longer wanted"));
  await expect(waiting).rejects.toThrow("no longer wanted");
  await expect(lock(path, { signal: abort.signal })).rejects.toThrow("no longer wanted");
});

test("a file that was replaced while waiting is not the lock", async () => {
  const old = await lock(path);
  const waiting = lock(path, { timeoutMs: 60_000 });
  writeFileSync(`${path}.new`, "");
  renameSync(`${path}.new`, path);
  old.release();
  const held = await waiting;
  expect(await tryLock(path)).toBeNull();
  held.release();
});

test("a folder that is not there is said", async () => {
  await expect(tryLock(join(dir, "no/x.lock"))).rejects.toThrow("no such file or directory");
});
