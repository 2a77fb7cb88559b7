import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { getPriority } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lock, tryLock, type Lock } from "@tac8/core/process/flock";
import { readProc } from "@tac8/core/process/procfs";
import { commandDriver } from "../agent/command/driver.ts";
import { createBench, FIXTURES, exited, isRunning, numberIn, pidsWith, type Bench } from "../agent/testing/harness.ts";
import { hasSandboxes, plainSandbox } from "../agent/testing/plainSandbox.ts";
import type { Launch } from "../agent/types.ts";
import { cgroupMembers, cgroupPrefix, removeEmptyCgroups } from "../process/cgroup.ts";
import { startDirect } from "./direct.ts";

if (!hasSandboxes)
  process.stderr.write("skipped: an agent in a sandbox with its guard, because bwrap does not work here\n");

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
    removeEmptyCgroups(randomUUID());
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
