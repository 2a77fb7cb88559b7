import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isRunning } from "../agent/testing/harness.ts";
import { holdUser, type HeldUser } from "@tac8/core/isolation/launcher/client";
import { startLauncher, type TestLauncher } from "../launcher/testing/startLauncher.ts";
import { tryLock, type Lock } from "@tac8/core/process/flock";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
const HOUR_MS = 3_600_000;

let dir: string;
let lock: Lock | null = null;
let guard: ChildProcess | null = null;
let agent = 0;
let launcher: TestLauncher;
let held: HeldUser;

const isRoot = process.getuid?.() === 0;

beforeEach(async () => {
  if (!isRoot) return; // The launcher needs root.
  launcher = await startLauncher();
  held = await holdUser(launcher.socket, { uid: launcher.ids.first, lockFile: join(launcher.dir, "lock") });
  dir = mkdtempSync(join(tmpdir(), "tac8-eof-"));
  lock = await tryLock(join(dir, "workspace.lock"));
});
afterEach(async () => {
  if (!isRoot) return;
  guard?.kill("SIGKILL");
  if (agent > 0 && isRunning(agent)) process.kill(agent, "SIGKILL");
  lock?.release();
  await held.release();
  await launcher.stop();
  rmSync(dir, { recursive: true });
});

test.skipIf(!isRoot)(
  "the end of the runner's pipe is enough to end an agent that does not notice it",
  { timeout: 30_000 },
  async () => {
    if (lock === null) throw new Error("a new lock file was locked");
    guard = spawn(process.execPath, [MAIN], { cwd: "/", env: {}, stdio: ["pipe", "pipe", "pipe", lock.fd, "pipe"] });
    const ended = once(guard, "exit");
    const control = guard.stdio[4];
    if (!(control instanceof Socket)) throw new Error("the guard has no pipe");
    const start = {
      runId: randomUUID(),
      cwd: "/",
      env: { PATH: process.env["PATH"] ?? "" },
      leftMs: HOUR_MS,
    };
    // It reads and writes nothing, so no closed pipe of its own can end it.
    const program = ["sleep", "7777"];
    const asUser = { socket: launcher.socket, uid: launcher.ids.first, groups: [] };
    control.write(`${JSON.stringify({ ...start, program, launcher: asUser })}\n`);
    const [line] = await once(createInterface({ input: control }), "line");
    ({ pid: agent } = (JSON.parse(String(line)) as { started: { pid: number } }).started);
    expect(isRunning(agent)).toBe(true);
    control.destroy();
    await ended;
    expect(isRunning(agent)).toBe(false);
  },
);
