import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { on, once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { getPriority } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lock, tryLock, type Lock } from "@tac8/core/process/flock";
import { readProc, readStat, startTimeOf } from "@tac8/core/process/procfs";
import { commandDriver } from "../agent/command/driver.ts";
import { createBench, FIXTURES, exited, isRunning, numberIn, pidsWith, type Bench } from "../agent/testing/harness.ts";
import { hasSandboxes, plainSandbox } from "../agent/testing/plainSandbox.ts";
import type { Launch } from "../agent/types.ts";
import { cgroupMembers, cgroupPrefix, removeEmptyCgroups } from "../process/cgroup.ts";
import { startDirect } from "./direct.ts";
import { startTimeGuard, type TimeGuard } from "./timeGuard.ts";

if (!hasSandboxes) process.stderr.write("skipped: the guard of a sandbox, because bwrap does not work here\n");

const TIME_GUARD = new URL("timeGuard.ts", import.meta.url).href;

let bench: Bench;
let inside: Lock | null = null;
let launch: Launch;
let host: ChildProcess | null = null;

beforeEach(async () => {
  bench = await createBench();
  inside = await tryLock(join(bench.dir, "inside.lock"), { readOnly: true });
  launch = plainSandbox({ insideFd: inside?.fd ?? -1, cwd: bench.dir });
});
afterEach(async () => {
  host?.kill("SIGKILL");
  host = null;
  inside?.release();
  await bench.close();
});

/** Return the pids of the guards of a run. */
function guardsOf(runId: string): number[] {
  const pids = readdirSync("/proc").map(Number).filter(Number.isInteger);
  const isGuard = (pid: number) => readProc(`/proc/${pid}/cmdline`)?.startsWith(`tac8 guard ${runId}\0`) === true;
  return pids.filter((pid) => isGuard(pid) && isRunning(pid));
}

/** Return the guard of a run, except these. */
async function guardOf(runId: string, except: readonly number[] = []): Promise<number> {
  const others = () => guardsOf(runId).filter((pid) => !except.includes(pid));
  await expect.poll(others, { timeout: 60_000 }).toHaveLength(1);
  return others()[0] ?? 0;
}

/** Start an agent with a daemon in the sandbox of a separate runner. */
async function startHost({ leftMs = 60_000, heartbeatMs = 1000 } = {}) {
  const { lock: _, ...given } = bench.behave("daemon-and-hang", join(bench.dir, "daemon.pid"));
  const request = { ...given, heartbeatMs };
  const locks = { workspace: join(bench.dir, "host.lock"), inside: join(bench.dir, "host-inside.lock") };
  const args = [JSON.stringify(request), locks.workspace, String(leftMs), locks.inside];
  const child = spawn(process.execPath, [join(FIXTURES, "programs/host.ts"), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  host = child;
  await once(createInterface({ input: child.stdout }), "line");
  return { child, locks, runId: request.runId, marker: `TAC8_RUN=${request.runId}` };
}

/** Start a program in a sandbox of this process. */
function startSandboxOf(program: readonly string[], { leftMs }: { leftMs: number }) {
  const { runId, cwd, env, lock: workspace } = bench.request();
  return startDirect({
    runId,
    program: launch.commandOf(program),
    cwd,
    env,
    lockPath: workspace.path,
    lockFd: workspace.fd,
    insideFd: inside?.fd ?? -1,
    bash: "/bin/bash",
    group: {},
    leftMs,
  });
}

const noneWith = (marker: string) => expect.poll(() => pidsWith(marker), { timeout: 60_000 }).toEqual([]);

describe.skipIf(!hasSandboxes)("an agent in a sandbox", () => {
  test("reports its output and its end if the runner itself starts it", async () => {
    expect(await bench.start(bench.behave("success"), { launch }).done).toMatchObject({
      cause: "exited",
      code: 0,
      signal: null,
      lastText: "all done",
      remaining: 0,
      problems: [],
    });
    expect(await bench.start(bench.behave("crash"), { launch }).done).toMatchObject({ code: 3, stderrTail: "boom\n" });
    const killed = bench.start(bench.request({ program: ["sh", "-c", "kill -KILL $$"] }), { launch });
    expect(await killed.done).toMatchObject({ cause: "exited", code: null, signal: "SIGKILL" });
    expect(guardsOf(bench.request().runId)).toEqual([]);
  });

  test("has its output read after its end", async () => {
    const guarded = startSandboxOf(["sh", "-c", "echo output; echo complained >&2"], { leftMs: 60_000 });
    expect(await guarded.ended).toMatchObject({ kind: "exit", exit: { exit: { code: 0, signal: null } } });
    expect(await Promise.all([text(guarded.stdout), text(guarded.stderr)])).toEqual(["output\n", "complained\n"]);
  });

  test("counts as ended by itself if it exits while the runner is stopped, even if its time is over then", async () => {
    const guarded = startSandboxOf(["true"], { leftMs: 3_600_000 });
    const pid = (await guarded.started) ?? 0;
    // From here on no other code runs in this process.
    const blockUntilExit = (one: number): void => {
      while (isRunning(one)) spawnSync("sleep", ["0.05"]);
    };
    blockUntilExit(pid);
    guarded.send("beat 1");
    blockUntilExit(guarded.pid);
    const exit = { exit: { code: 0, signal: null }, cause: "exit" };
    expect(await guarded.ended).toMatchObject({ kind: "exit", exit });
  });

  test("dies without heartbeats, with all its processes", async () => {
    const file = join(bench.dir, "daemon.pid");
    const request = { ...bench.behave("daemon-and-hang", file), heartbeatMs: 3_600_000 };
    const end = await bench.start(request, { launch, timeLeftMs: () => 2000 }).done;
    expect(end).toMatchObject({ cause: "heartbeat-lost", signal: "SIGKILL", remaining: 0 });
    expect(pidsWith(`TAC8_RUN=${request.runId}`)).toEqual([]);
  });

  test("lives beyond its initial time if there are heartbeats", async () => {
    const enough = Promise.withResolvers<void>();
    let beats = 0;
    const timeLeftMs = (): number => {
      beats += 1;
      if (beats === 100) enough.resolve();
      return 5000;
    };
    const handle = bench.start(
      { ...bench.behave("hang", join(bench.dir, "pid")), heartbeatMs: 100 },
      { launch, timeLeftMs },
    );
    await enough.promise;
    expect(isRunning((await handle.agentPid) ?? 0)).toBe(true);
    expect(await handle.kill("lost")).toMatchObject({ cause: "lost" });
  });

  test("after SIGKILL of the runner, everything in the sandbox dies, and only then the workspace's lock is released", async () => {
    const { child, locks, runId, marker } = await startHost();
    expect(pidsWith(marker).length).toBeGreaterThanOrEqual(2);
    // A process that does not end with the sandbox.
    const beside = spawn("sleep", ["7777"], { stdio: "ignore", env: { ...process.env, TAC8_RUN: runId } });
    const ended = once(beside, "exit");
    child.kill("SIGKILL");
    const held = await lock(locks.workspace, { timeoutMs: 100_000 });
    held.release();
    expect(pidsWith(marker)).toEqual([]);
    expect(await ended).toEqual([null, "SIGKILL"]);
    await expect.poll(() => guardsOf(runId), { timeout: 60_000 }).toEqual([]);
  });

  test("dies after SIGKILL of guard and runner at once, and the sandbox's own lock is released", async () => {
    const { child, locks, runId, marker } = await startHost();
    process.kill(await guardOf(runId), "SIGKILL");
    child.kill("SIGKILL");
    for (const path of [locks.workspace, locks.inside]) (await lock(path, { timeoutMs: 100_000 })).release();
    await noneWith(marker);
  });

  test("dies when its time is over if the runner is frozen", async () => {
    const { child, marker } = await startHost({ leftMs: 5000, heartbeatMs: 50 });
    child.kill("SIGSTOP");
    await noneWith(marker);
  });

  test("continues if its guard dies, because another guard starts at once", async () => {
    const file = join(bench.dir, "pid");
    const handle = bench.start(bench.behave("hang", file), { launch });
    await numberIn(file);
    const first = handle.pid;
    process.kill(first, "SIGKILL");
    expect(await guardOf(bench.request().runId, [first])).not.toBe(first);
    expect(isRunning((await handle.agentPid) ?? 0)).toBe(true);
    expect(await handle.stop("stopped", { graceMs: 60_000 })).toMatchObject({ cause: "stopped", costUsd: 0.5 });
  });

  test("is ended if its guard cannot be replaced, because no process would watch its time", async () => {
    const bash = join(bench.dir, "bash");
    symlinkSync("/bin/bash", bash);
    const file = join(bench.dir, "pid");
    const handle = bench.start(bench.behave("hang", file), {
      launch: plainSandbox({ insideFd: inside?.fd ?? -1, cwd: bench.dir, bash }),
    });
    await numberIn(file);
    rmSync(bash);
    process.kill(await guardOf(bench.request().runId), "SIGKILL");
    const end = await handle.done;
    expect(end).toMatchObject({ cause: "guard-lost", remaining: 0, problems: [expect.stringContaining("guard")] });
    await exited((await handle.agentPid) ?? 0);
  });

  test("does not start without a guard", async () => {
    const bash = join(bench.dir, "none");
    const handle = bench.start(bench.behave("hang"), {
      launch: plainSandbox({ insideFd: inside?.fd ?? -1, cwd: bench.dir, bash }),
    });
    expect(await handle.done).toMatchObject({
      cause: "spawn-failed",
      problems: [expect.stringMatching(/^cannot start the guard: .*none cannot be started/)],
    });
  });

  test("reports a program or folder that cannot be used", async () => {
    const missing = { ...launch, commandOf: () => ["/no/such/bwrap"] };
    const end = await bench.start(bench.request(), { launch: missing }).done;
    expect(end.cause === "spawn-failed" ? end.problems.join() : end.stderrTail).toContain("/no/such/bwrap");
    const folder = join(bench.dir, "missing");
    const { problems } = await bench.start(bench.request({ cwd: folder }), { launch }).done;
    expect(problems).toEqual([expect.stringContaining(`its folder ${folder} is missing`)]);
    const loop = join(bench.dir, "loop");
    symlinkSync(loop, loop);
    const looped = await bench.start(bench.request({ cwd: loop }), { launch }).done;
    expect(looped.problems).toEqual([expect.stringContaining(`its folder ${loop} is missing`)]);
  });

  test("ends by a word on its descriptor, has a lower priority, and no descriptor of the lock", async () => {
    const program = ["sh", "-c", "ls -l /proc/self/fd; echo nice $(nice); read word <&4; echo $word; exit 7"];
    const driver = commandDriver({ model: "fake", prices: {} });
    const handle = bench.start(bench.request({ program }), { driver, launch });
    await bench.event((event) => event.text.includes("nice "));
    const end = await handle.stop("stopped", { graceMs: 60_000 });
    expect(end).toMatchObject({ cause: "stopped", code: 7 });
    expect(end.lastText).toMatch(/^term$/m);
    expect(end.lastText).toContain(`nice ${Math.min(19, getPriority() + 10)}\n`);
    expect(end.lastText).not.toContain("inside.lock");
  });

  test("is not started by a program of its folder, whatever the agent's PATH is", async () => {
    const trap = join(bench.dir, "trap");
    const names = ["nice", "mkdir", "sh", "env", "bwrap"];
    for (const name of names) {
      writeFileSync(join(bench.dir, name), `#!/bin/sh\n: >>'${trap}'\nexit 1\n`, { mode: 0o755 });
    }
    const env = { PATH: `.:${process.env["PATH"]}`, HOME: bench.dir };
    const program = ["/bin/sh", "-c", "pwd; echo path $PATH"];
    const driver = commandDriver({ model: "fake", prices: {} });
    const end = await bench.start(bench.request({ program, env }), { driver, launch }).done;
    expect(existsSync(trap)).toBe(false);
    expect(end).toMatchObject({ cause: "exited", code: 0 });
    expect(end.lastText).toContain(`${bench.dir}\npath ${env.PATH}`);
  });

  test("has its processes in the run's control group, but not this process", async (context) => {
    const { runId } = bench.request();
    const groups = cgroupPrefix({ runId, bash: "/bin/bash" }).filter((word) => word.endsWith(runId));
    context.skip(groups.length === 0, "this host does not allow control groups");
    // An empty group of another run stays, because a process is about to enter it.
    removeEmptyCgroups();
    const file = join(bench.dir, "pid");
    const handle = bench.start(bench.behave("hang", file), { launch });
    await numberIn(file);
    expect(cgroupMembers(runId)).toContain(await handle.agentPid);
    expect(cgroupMembers(runId)).not.toContain(process.pid);
    await handle.kill("lost");
    expect(cgroupMembers(runId).size).toBe(0);
    // No group is left of a program that could not be started: its argument is longer than Linux accepts.
    const { cause } = await bench.start(bench.request({ program: ["a".repeat(1 << 20)] }), { launch }).done;
    expect(cause).toBe("spawn-failed");
    expect(groups.filter((group) => existsSync(group))).toEqual([]);
  });
});

describe("the guard of a sandbox", () => {
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
