import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { on, once } from "node:events";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lock, tryLock } from "@tac8/core/process/flock";
import { readProc, readStat, startTimeOf } from "@tac8/core/process/procfs";
import { createBench, exited, isRunning, type Bench } from "../agent/testing/harness.ts";
import { startTimeGuard, type TimeGuard } from "./timeGuard.ts";

const TIME_GUARD = new URL("timeGuard.ts", import.meta.url).href;

let bench: Bench;

beforeEach(async () => (bench = await createBench()));
afterEach(() => bench.close());

describe("the guard beside an agent", () => {
  const bash = "/bin/bash";
  /** Not the bench's lock, because this process has that one: a guard whose runner ended would kill this process. */
  const NO_LOCK = { path: "/no/such/lock", fd: 2 };
  let guard: TimeGuard | null = null;
  let child: ChildProcess;
  beforeEach(async () => {
    child = spawn("sleep", ["7777"], { stdio: "ignore" });
    await once(child, "spawn");
  });
  afterEach(async () => {
    child.kill("SIGKILL");
    await guard?.close();
    guard = null;
  });

  /** Whether it ignores signals, as it does after its start. */
  const isAtWork = (pid: number) =>
    expect.poll(() => readProc(`/proc/${pid}/comm`), { timeout: 60_000 }).toMatch(/^tac8 guard/);

  function start(runId: string, onLost: (why: string) => void = () => undefined, leftMs = 3_600_000): TimeGuard {
    const started = startTimeGuard({ bash, runId, leftMs, lock: bench.lock, onLost });
    if (typeof started === "string") throw new Error(started);
    return (guard = started);
  }

  test("kills no other process that got the pid, and reports that its own was missing", async () => {
    const { runId } = bench.request();
    const pid = child.pid ?? 0;
    const lost = Promise.withResolvers<string>();
    const started = start(runId, lost.resolve);
    started.watch({ pid, startTime: (startTimeOf(pid) ?? 0) + 1 }, 1);
    expect(await lost.promise).toBe("time was over, and its guard could not end it");
    expect(await started.close()).toBe(false);
    expect(isRunning(pid)).toBe(true);
  });

  test("kills what the process has started in its session, without marker, lock and control group", async () => {
    const leader = spawn("sh", ["-c", "sleep 7777 & echo $!; wait"], {
      detached: true,
      env: { PATH: process.env["PATH"] },
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [line] = await once(createInterface({ input: leader.stdout }), "line");
    const pid = leader.pid ?? 0;
    const started = start(bench.request().runId);
    started.watch({ pid, startTime: startTimeOf(pid) ?? 0 }, 1);
    await exited(Number(line));
    expect(await started.close()).toBe(true);
    expect(started.killed).toBe(1);
  });

  test("kills no session of another process that got the pid", async () => {
    const leader = spawn("sleep", ["7777"], { detached: true, stdio: "ignore" });
    await once(leader, "spawn");
    const pid = leader.pid ?? 0;
    const lost = Promise.withResolvers<string>();
    const started = start(bench.request().runId, lost.resolve);
    started.watch({ pid, startTime: (startTimeOf(pid) ?? 0) + 1 }, 1);
    await lost.promise;
    expect(isRunning(pid)).toBe(true);
    leader.kill("SIGKILL");
    await once(leader, "exit");
  });

  test("kills when only the runner's pipe ends", async () => {
    const watched = { pid: child.pid ?? 0, startTime: startTimeOf(child.pid ?? 0) };
    const options = JSON.stringify({ bash, runId: bench.request().runId, leftMs: 3_600_000, lock: NO_LOCK });
    const script = `import { startTimeGuard } from ${JSON.stringify(TIME_GUARD)};
      startTimeGuard(${options}).watch(${JSON.stringify(watched)}, 3_600_000);`;
    // Its parent is not the process that dies.
    const runner = spawn(process.execPath, ["--input-type=module", "-e", `${script} console.log("ready");`], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(runner.stdout, "data");
    runner.kill("SIGKILL");
    await exited(watched.pid);
  });

  test("searches for the runner's processes if the runner ends before it names one to watch", async () => {
    const { runId } = bench.request();
    const options = JSON.stringify({ bash, runId, leftMs: 3_600_000, lock: NO_LOCK });
    const script = `import { startTimeGuard } from ${JSON.stringify(TIME_GUARD)}; startTimeGuard(${options});`;
    const runner = spawn(process.execPath, ["--input-type=module", "-e", `${script} console.log("ready");`], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const beside = spawn("sleep", ["7777"], { stdio: "ignore", env: { ...process.env, TAC8_RUN: runId } });
    const ended = once(beside, "exit");
    await once(runner.stdout, "data");
    runner.kill("SIGKILL");
    expect(await ended).toEqual([null, "SIGKILL"]);
  });

  test("searches for the run's processes if no process to watch is named in time, as by a frozen runner", async () => {
    const { runId } = bench.request();
    const beside = spawn("sleep", ["7777"], { detached: true, env: { ...process.env, TAC8_RUN: runId } });
    await once(beside, "spawn");
    const pid = beside.pid ?? 0;
    const startTime = startTimeOf(pid) ?? 0;
    const started = start(runId, () => undefined, 1);
    const ended = once(beside, "exit");
    // No turn of the event loop in between, so that the runner notices nothing before it names the process.
    for (let tries = 0; tries < 200 && isRunning(started.pid); tries += 1) spawnSync("sleep", ["0.05"]);
    started.watch({ pid, startTime }, 60_000);
    expect(await ended).toEqual([null, "SIGKILL"]);
    expect(await started.hold()).toBe(true);
    expect(started.killed).toBe(1);
  });

  test("watches a process that is named after its time was over", async () => {
    const pid = child.pid ?? 0;
    const started = start(bench.request().runId, () => undefined, 1);
    const first = started.pid;
    for (let tries = 0; tries < 200 && isRunning(first); tries += 1) spawnSync("sleep", ["0.05"]);
    started.watch({ pid, startTime: startTimeOf(pid) ?? 0 }, 60_000);
    await expect.poll(() => started.pid).not.toBe(first);
    started.beat(1);
    await exited(pid);
    expect(await started.close()).toBe(true);
  });

  test("kills the process group by itself, and then the other survivors, if its program fails at first", async () => {
    const failed = join(bench.dir, "failed");
    const node = process.execPath;
    const program = join(bench.dir, "node");
    const script = `#!/bin/sh\nif [ -e '${failed}' ]; then exec '${node}' "$@"; fi\n: >'${failed}'\nexit 134\n`;
    writeFileSync(program, script, { mode: 0o755 });
    const leader = spawn("sh", ["-c", "sleep 7777 & echo $!; setsid sleep 7778 & echo $!; wait"], {
      detached: true,
      env: { PATH: process.env["PATH"], TAC8_RUN: bench.request().runId },
      stdio: ["ignore", "pipe", "ignore"],
    });
    const lines = on(createInterface({ input: leader.stdout }), "line");
    const [first, second] = [await lines.next(), await lines.next()].map(({ value }) => Number(value));
    const pid = leader.pid ?? 0;
    // Until then, it is in the process group, which the shell kills without counting.
    await expect.poll(() => readStat(second ?? 0)?.session, { timeout: 60_000 }).toBe(second);
    process.execPath = program;
    try {
      start(bench.request().runId).watch({ pid, startTime: startTimeOf(pid) ?? 0 }, 1);
    } finally {
      process.execPath = node;
    }
    for (const survivor of [first, second]) await exited(survivor ?? 0);
    expect(await guard?.close()).toBe(true);
    expect(guard?.killed).toBe(1);
  });

  test("kills a process whose name contains a line break", async () => {
    const program = join(bench.dir, "a\nb");
    symlinkSync("/bin/sleep", program);
    const named = spawn(program, ["7777"], { stdio: "ignore" });
    await once(named, "spawn");
    const pid = named.pid ?? 0;
    const started = start(bench.request().runId);
    started.watch({ pid, startTime: startTimeOf(pid) ?? 0 }, 1);
    await exited(pid);
    expect(await started.close()).toBe(true);
  });

  test("ends on request without a process to watch, and does not search", async () => {
    const { runId } = bench.request();
    const started = start(runId);
    const beside = spawn("sleep", ["7777"], { stdio: "ignore", env: { ...process.env, TAC8_RUN: runId } });
    await once(beside, "spawn");
    expect(await started.close()).toBe(false);
    expect(isRunning(beside.pid ?? 0)).toBe(true);
    beside.kill("SIGKILL");
    await once(beside, "exit");
  });

  test("keeps the lock and kills the run's processes after the runner's end, also if it never got a process to watch", async () => {
    const { runId } = bench.request();
    const lockPath = join(bench.dir, "held.lock");
    const options = JSON.stringify({ bash, runId, leftMs: 3_600_000 });
    const script = `import { startTimeGuard } from ${JSON.stringify(TIME_GUARD)};
      import { lock } from ${JSON.stringify(import.meta.resolve("@tac8/core/process/flock"))};
      const held = await lock(${JSON.stringify(lockPath)});
      const guard = startTimeGuard({ ...${options}, lock: { path: held.path, fd: held.fd }, onLost: console.error });
      await guard.hold();
      held.release();
      console.log(guard.pid);
      setInterval(() => undefined, 1000);`;
    const runner = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [pid] = await once(createInterface({ input: runner.stdout }), "line");
    const beside = spawn("sleep", ["7777"], { stdio: "ignore", env: { ...process.env, TAC8_RUN: runId } });
    const ended = once(beside, "exit");
    const early = await tryLock(lockPath);
    early?.release();
    runner.kill("SIGKILL");
    const held = await lock(lockPath, { timeoutMs: 60_000 });
    held.release();
    const isLeft = isRunning(beside.pid ?? 0);
    if (isLeft) beside.kill("SIGKILL");
    await ended;
    expect({ early, isLeft }).toEqual({ early: null, isLeft: false });
    await exited(Number(pid));
  });

  test("is lost if it repeatedly ends before it watches", async () => {
    const lost = Promise.withResolvers<string>();
    const { runId } = bench.request();
    const options = { bash: "/bin/false", runId, leftMs: 3_600_000 };
    guard = startTimeGuard({ ...options, lock: bench.lock, onLost: lost.resolve }) as TimeGuard;
    expect(await lost.promise).toMatch(/^guard \d+ ended by exit code 1, and so did those before it$/);
    expect(await guard.close()).toBe(false);
  });

  test("is replaced by a guard that continues with the last heartbeat", async () => {
    const pid = child.pid ?? 0;
    const started = start(bench.request().runId);
    started.watch({ pid, startTime: startTimeOf(pid) ?? 0 }, 3_600_000);
    const first = started.pid;
    process.kill(first, "SIGSTOP");
    started.beat(1);
    process.kill(first, "SIGKILL");
    await exited(pid);
    expect(started.pid).not.toBe(first);
    expect(await started.close()).toBe(true);
  });

  test("is replaced if it dies before it has a process to watch", async () => {
    const pid = child.pid ?? 0;
    const started = start(bench.request().runId);
    const first = started.pid;
    process.kill(first, "SIGKILL");
    // No turn of the event loop in between, so that its end was not noticed.
    while (readStat(first)?.state !== "Z");
    started.watch({ pid, startTime: startTimeOf(pid) ?? 0 }, 1);
    await exited(pid);
    expect(started.pid).not.toBe(first);
    expect(await started.close()).toBe(true);
  });

  test("uses little memory, ends on request, and ignores all signals except SIGKILL", async () => {
    const pid = child.pid ?? 0;
    const started = start(bench.request().runId);
    started.watch({ pid, startTime: startTimeOf(pid) ?? 0 }, 3_600_000);
    await isAtWork(started.pid);
    for (const signal of ["SIGINT", "SIGHUP", "SIGTERM"] as const) process.kill(started.pid, signal);
    const rollup = readFileSync(`/proc/${started.pid}/smaps_rollup`, "utf8");
    const privateKb = [...rollup.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+)/gm)].reduce(
      (sum, [, kb]) => sum + Number(kb),
      0,
    );
    expect(privateKb).toBeLessThan(4000);
    const before = started.pid;
    expect(await started.close()).toBe(false);
    expect(started.pid).toBe(before);
    expect([isRunning(before), isRunning(pid)]).toEqual([false, true]);
  });
});
