import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { lock } from "@tac8/core/process/flock";
import { readProc, readStat } from "@tac8/core/process/procfs";
import { commandDriver } from "../agent/command/driver.ts";
import { plainLaunch } from "../agent/start.ts";
import { cgroupMembers, cgroupPrefix } from "../process/cgroup.ts";
import { startDirect } from "./direct.ts";
import { createBench, FIXTURES, exited, isRunning, numberIn, pidsWith, type Bench } from "../agent/testing/harness.ts";

const plain = commandDriver({ model: "fake", prices: {} });

let bench: Bench;
let host: ChildProcess | null = null;

beforeEach(async () => (bench = await createBench()));
afterEach(async () => {
  host?.kill("SIGKILL");
  host = null;
  await bench.close();
});

/** Start an agent with a daemon in a separate runner, with another lock than the bench's. */
async function startHost({ leftMs = 60_000, heartbeatMs = 1000 } = {}): Promise<{
  guard: number;
  daemon: number;
  lockPath: string;
  marker: string;
}> {
  const file = join(bench.dir, "daemon.pid");
  const { lock: _, ...given } = bench.behave("daemon-and-hang", file);
  const request = { ...given, heartbeatMs };
  const lockPath = join(bench.dir, "host.lock");
  const args = [join(FIXTURES, "programs/host.ts"), JSON.stringify(request), lockPath, String(leftMs)];
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", "inherit"],
  });
  host = child;
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  const { guard } = JSON.parse(String(line)) as { guard: number };
  return { guard, daemon: await numberIn(file), lockPath, marker: `TAC8_RUN=${request.runId}` };
}

test("after SIGKILL of the runner, agent and daemon die, and only then the lock is released", async () => {
  const { guard, daemon, lockPath, marker } = await startHost();
  expect(pidsWith(marker).length).toBeGreaterThanOrEqual(2);
  host?.kill("SIGKILL");
  // The next holder of the lock must find no process.
  const held = await lock(lockPath, { timeoutMs: 60_000 });
  held.release();
  expect(pidsWith(marker)).toEqual([]);
  await Promise.all([daemon, guard].map(exited));
});

fieldTest("B5", "a search for the name node does not find a guard, not even by its complete command line", async () => {
  const request = bench.behave("hang", join(bench.dir, "pid"));
  const handle = bench.start(request);
  await handle.agentPid;
  await expect.poll(() => readStat(handle.pid)?.comm).toBe("tac8 guard " + request.runId.slice(0, 4));
  expect(readProc(`/proc/${handle.pid}/cmdline`)?.replaceAll("\0", "")).toBe(`tac8 guard ${request.runId}`);
  await handle.kill("lost");
});

test("without heartbeats the agent dies", async () => {
  const request = bench.behave("hang", join(bench.dir, "pid"));
  const end = await bench.start({ ...request, heartbeatMs: 3_600_000 }, { timeLeftMs: () => 400 }).done;
  expect(end).toMatchObject({ cause: "heartbeat-lost", signal: "SIGKILL" });
});

test("heartbeats keep the agent alive beyond its initial time", async () => {
  const request = bench.behave("hang", join(bench.dir, "pid"));
  const enough = Promise.withResolvers<void>();
  let beats = 0;
  const timeLeftMs = (): number => {
    beats += 1;
    if (beats === 30) enough.resolve();
    return 1500;
  };
  const handle = bench.start({ ...request, heartbeatMs: 100 }, { timeLeftMs });
  await enough.promise;
  expect(isRunning((await handle.agentPid) ?? 0)).toBe(true);
});

test("the agent is killed at once if its job may belong to another runner", async () => {
  const request = bench.behave("hang", join(bench.dir, "pid"));
  let left = 3_600_000;
  const handle = bench.start({ ...request, heartbeatMs: 20 }, { timeLeftMs: () => left });
  await handle.agentPid;
  left = 0;
  expect(await handle.done).toMatchObject({ cause: "lost", signal: "SIGKILL" });
});

test("if the runner is frozen, the remaining time counts from the lock's renewal, not from the last heartbeat", async () => {
  // Its job belongs to it for 3 s. It sends this at the start and with each heartbeat, all before it is stopped.
  const { guard, daemon } = await startHost({ leftMs: 3000, heartbeatMs: 50 });
  host?.kill("SIGSTOP");
  await exited(daemon);
  host?.kill("SIGKILL");
  await exited(guard);
});

test("if the runner is frozen, the guard kills the survivors too, and the runner reports how many", async () => {
  const file = join(bench.dir, "daemon.pid");
  const handle = bench.start(
    { ...bench.behave("daemon-and-hang", file), heartbeatMs: 3_600_000 },
    { timeLeftMs: () => 3000 },
  );
  await bench.event(({ text }) => text === "ready");
  const daemon = await numberIn(file);
  // From here on no other code runs in this process until the guard ended.
  while (isRunning(handle.pid)) spawnSync("sleep", ["0.05"]);
  expect(isRunning(daemon)).toBe(false);
  expect(await handle.done).toMatchObject({ cause: "heartbeat-lost", survivorsKilled: 1, remaining: 0 });
});

test("a guard that dies is replaced at once, and the agent continues", async () => {
  const file = join(bench.dir, "pid");
  const handle = bench.start(bench.behave("hang", file));
  await numberIn(file);
  const first = handle.pid;
  process.kill(first, "SIGKILL");
  await expect.poll(() => handle.pid, { timeout: 60_000 }).not.toBe(first);
  expect(isRunning((await handle.agentPid) ?? 0)).toBe(true);
  expect(await handle.stop("stopped", { graceMs: 60_000 })).toMatchObject({ cause: "stopped", costUsd: 0.5 });
});

test("an agent whose guard cannot be replaced is ended, and the runner kills the survivors", async () => {
  const bash = join(bench.dir, "bash");
  symlinkSync("/bin/bash", bash);
  const file = join(bench.dir, "daemon.pid");
  const handle = bench.start(bench.behave("daemon-and-hang", file), { launch: plainLaunch(bash) });
  await bench.event(({ text }) => text === "ready");
  rmSync(bash);
  process.kill(handle.pid, "SIGKILL");
  const end = await handle.done;
  expect(end).toMatchObject({
    cause: "guard-lost",
    code: null,
    remaining: 0,
    problems: [expect.stringContaining("SIGKILL")],
  });
  expect(end.survivorsKilled).toBe(1);
  await exited(await numberIn(file));
});

test("an agent that is killed together with its guard has not failed", async () => {
  const file = join(bench.dir, "pid");
  const handle = bench.start(bench.behave("hang", file));
  await numberIn(file);
  process.kill(handle.pid, "SIGKILL");
  process.kill((await handle.agentPid) ?? 0, "SIGKILL");
  expect(await handle.done).toMatchObject({ cause: "guard-lost", remaining: 0 });
});

/** Return a bash with which an agent enters no control group, as on a host that allows none. */
function bashOutsideGroups(): string {
  const path = join(bench.dir, "bash");
  const skip = 'while [ $# -gt 0 ]; do word=$1; shift; if [ "$word" = -- ]; then exec "$@"; fi; done';
  writeFileSync(path, `#!/bin/bash -p\n${skip}\nexec /bin/bash\n`, { mode: 0o755 });
  return path;
}

/** A program that leaves a process that only its session shows as one of the run. */
const leaving = (file: string) => ["sh", "-c", `env -i sleep 7777 3>&- >/dev/null 2>&1 & echo $! >"${file}"; wait`];

/** Return the pid of that process, once it has neither marker nor lock. */
async function pidLeft(file: string): Promise<number> {
  const pid = await numberIn(file);
  await expect.poll(() => readStat(pid)?.comm).toBe("sleep");
  return pid;
}

/** Return whether a process was alive, and kill it. */
function endLeft(pid: number): boolean {
  const isLeft = isRunning(pid);
  if (isLeft) process.kill(pid, "SIGKILL");
  return isLeft;
}

test("a process that only the session shows is killed too if its agent is killed together with the guard", async () => {
  const file = join(bench.dir, "pid");
  const launch = plainLaunch(bashOutsideGroups());
  const handle = bench.start(bench.request({ program: leaving(file) }), { driver: plain, launch });
  const left = await pidLeft(file);
  process.kill(handle.pid, "SIGKILL");
  process.kill((await handle.agentPid) ?? 0, "SIGKILL");
  const end = await handle.done;
  expect(endLeft(left)).toBe(false);
  expect(end).toMatchObject({ cause: "guard-lost", survivorsKilled: 1, remaining: 0 });
});

test("an agent that is abandoned because it does not end leaves no process that can be killed", async () => {
  const file = join(bench.dir, "pid");
  const { runId, cwd, env } = bench.request();
  const guarded = startDirect({
    runId,
    program: leaving(file),
    cwd,
    env,
    lockPath: bench.lock.path,
    lockFd: bench.lock.fd,
    insideFd: null,
    bash: bashOutsideGroups(),
    group: {},
    leftMs: 60_000,
  });
  const left = await pidLeft(file);
  guarded.killGuard();
  await guarded.ended;
  expect(endLeft(left)).toBe(false);
  await exited(guarded.pid);
});

test("an agent that is killed alone has failed", async () => {
  const file = join(bench.dir, "pid");
  const handle = bench.start(bench.behave("hang", file));
  await numberIn(file);
  process.kill((await handle.agentPid) ?? 0, "SIGKILL");
  expect(await handle.done).toMatchObject({ cause: "exited", signal: "SIGKILL", remaining: 0 });
});

test("a heartbeat to a guard that has just exited does no harm", async () => {
  const { runId, cwd, env } = bench.request();
  const guarded = startDirect({
    runId,
    program: ["sleep", "60"],
    cwd,
    env,
    lockPath: bench.lock.path,
    lockFd: bench.lock.fd,
    insideFd: null,
    bash: "/bin/bash",
    group: {},
    leftMs: 60_000,
  });
  const agent = (await guarded.started) ?? 0;
  process.kill(guarded.pid, "SIGKILL");
  // No turn of the event loop in between, so that its end was not noticed.
  while (readStat(guarded.pid)?.state !== "Z");
  guarded.send("beat 60000");
  guarded.send("kill");
  expect(await guarded.ended).toMatchObject({ kind: "exit", exit: { exit: { signal: "SIGKILL" }, remaining: 0 } });
  expect(isRunning(agent)).toBe(false);
});

test("the guard does not end before the processes that a finished agent has left are dead", async () => {
  const file = join(bench.dir, "daemon.pid");
  const program = ["sh", "-c", `setsid sleep 7777 3>&- >/dev/null 2>&1 & echo $! >"${file}"`];
  const handle = bench.start(bench.request({ program }), { driver: plain });
  const guard = handle.pid;
  const daemon = await numberIn(file);
  while (isRunning(guard)) await turn();
  expect(isRunning(daemon)).toBe(false);
  expect(await handle.done).toMatchObject({ cause: "exited", code: 0, survivorsKilled: 1, remaining: 0 });
});

test("a missing program is reported, and no process is left", async () => {
  const end = await bench.start(bench.request({ program: ["no-such-program"] }), { driver: plain }).done;
  expect(end).toMatchObject({
    cause: "spawn-failed",
    problems: ["cannot start no-such-program: spawn no-such-program ENOENT"],
  });
});

test("the agent gets its whole environment, whatever the names of its variables are, and nothing else", async () => {
  const env = { PATH: process.env["PATH"] ?? "", "npm_config_//host/:_auth": "key", BASH_ENV: join(bench.dir, "trap") };
  writeFileSync(env.BASH_ENV, `touch ${join(bench.dir, "sourced")}`);
  const end = await bench.start(bench.request({ program: ["env"], env }), { driver: plain }).done;
  const names = end.lastText.split("\n").map((line) => line.slice(0, line.indexOf("=")));
  expect(names.filter((name) => name !== "").toSorted()).toEqual([...Object.keys(env), "TAC8_RUN"].toSorted());
  expect(existsSync(join(bench.dir, "sourced"))).toBe(false);
});

test("the agent is in the run's control group, but not this process", async (context) => {
  const { runId } = bench.request();
  const groups = cgroupPrefix({ runId, bash: "/bin/bash" });
  context.skip(groups.length === 0, "this host does not allow control groups");
  const file = join(bench.dir, "pid");
  const handle = bench.start(bench.behave("hang", file));
  await numberIn(file);
  expect(cgroupMembers(runId)).toContain(await handle.agentPid);
  expect(cgroupMembers(runId)).not.toContain(process.pid);
  await handle.kill("lost");
  expect(cgroupMembers(runId).size).toBe(0);
});

test("the guard ignores SIGINT, SIGHUP and SIGTERM", async () => {
  const file = join(bench.dir, "pid");
  const handle = bench.start(bench.behave("ignore-term", file));
  await numberIn(file);
  await expect.poll(() => readStat(handle.pid)?.comm).toMatch(/^tac8 guard/);
  const guard = handle.pid;
  for (const signal of ["SIGINT", "SIGHUP", "SIGTERM"] as const) process.kill(guard, signal);
  const end = await handle.stop("stopped", { graceMs: 200 });
  expect(end).toMatchObject({ cause: "stopped", signal: "SIGKILL" });
  expect(handle.pid).toBe(guard);
});

test("the agent has the lock as descriptor 3, its own process group, and no access to the guard's pipe", async () => {
  const program = ["bash", "-c", "ls -l /proc/self/fd; kill 0"];
  const end = await bench.start(bench.request({ program }), { driver: plain }).done;
  expect(end.cause).toBe("exited");
  expect(end.lastText).toMatch(/ 3 -> .*workspace\.lock/);
  expect(end.lastText).not.toMatch(/ [5-9] -> /);
  expect(end.lastText).toMatch(/ 4 -> \/proc\/\d+\/fd/);
});

test("if no descriptor is left for the guard, the run fails and the runner continues", async () => {
  const { lock: _, ...request } = bench.behave("success");
  const program = join(FIXTURES, "programs/starved.ts");
  const limited = ["-c", 'ulimit -n 200; exec "$@"', "bash", process.execPath, program, JSON.stringify(request)];
  const child = spawn("bash", [...limited, join(bench.dir, "host.lock")], { stdio: ["ignore", "pipe", "inherit"] });
  host = child;
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  const end = JSON.parse(String(line)) as { cause: string; problems: string[] };
  expect(end.cause).toBe("spawn-failed");
  expect(end.problems[0]).toMatch(/^cannot start the guard: /);
});

test("a runner without free descriptors continues, with its agent whose processes it cannot read", async () => {
  // Long enough for checks of its memory and processes.
  const program = ["sh", "-c", "exec sleep 3"];
  const limits = { wallMs: 60_000, stallMs: 60_000, memoryBytes: 2 ** 40, tasks: 1_000_000 };
  const { lock: _, ...request } = bench.request({ program, limits });
  const runner = join(FIXTURES, "programs/starvedRun.ts");
  const limited = ["-c", 'ulimit -n 200; exec "$@"', "bash", process.execPath, runner, JSON.stringify(request)];
  const child = spawn("bash", [...limited, join(bench.dir, "host.lock")], { stdio: ["ignore", "pipe", "inherit"] });
  host = child;
  expect(JSON.parse((await text(child.stdout)) || "null")).toEqual({ cause: "exited", code: 0, remaining: 0 });
});
