import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { lock } from "@tac8/core/process/flock";
import { readProc, readStat } from "@tac8/core/process/procfs";
import { startGuarded, startWaitingGuard, type WaitingGuard } from "./client.ts";
import { createBench, FIXTURES, exited, isRunning, numberIn, pidsWith, type Bench } from "../agent/testing/harness.ts";

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

function waiting(): WaitingGuard & AsyncDisposable {
  const guard = startWaitingGuard(bench.request().runId, bench.lock.fd);
  if (guard === null) throw new Error("no guard could be started");
  return { ...guard, [Symbol.asyncDispose]: () => guard.end() };
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
  expect(readStat(handle.pid)?.comm).toBe("tac8 guard " + request.runId.slice(0, 4));
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

test("a guard that dies ends no other process, so the runner kills the survivors", async () => {
  const file = join(bench.dir, "daemon.pid");
  const handle = bench.start(bench.behave("daemon-and-hang", file));
  await bench.event(({ text }) => text === "ready");
  process.kill(handle.pid, "SIGKILL");
  const end = await handle.done;
  expect(end).toMatchObject({
    cause: "guard-lost",
    code: null,
    remaining: 0,
    problems: [expect.stringContaining("SIGKILL")],
  });
  expect(end.survivorsKilled).toBe(2);
  await exited(await numberIn(file));
});

test("a heartbeat to a guard that has just exited does no harm", async () => {
  const { runId, cwd, env } = bench.request();
  const guarded = startGuarded({
    runId,
    program: ["sleep", "60"],
    cwd,
    env,
    lockPath: bench.lock.path,
    lockFd: bench.lock.fd,
    runnerPid: process.pid,
    group: {},
    launcher: null,
    leftMs: 60_000,
  });
  const agent = (await guarded.started) ?? 0;
  guarded.killGuard();
  // No turn of the event loop in between, so that its end was not noticed.
  while (readStat(guarded.pid)?.state !== "Z");
  guarded.send("beat 60000");
  expect(await guarded.ended).toMatchObject({ kind: "lost" });
  process.kill(agent, "SIGKILL");
  await exited(agent);
});

test("a guard that waits starts its agent as any other does", async () => {
  await using guard = waiting();
  const request = bench.behave("success");
  const handle = bench.start(request, { guard });
  expect(handle.pid).toBe(guard.guard.child.pid);
  expect(await handle.done).toMatchObject({ cause: "exited", code: 0, remaining: 0 });
});

test("a guard that dies between its taking and its agent's start is replaced", async () => {
  await using guard = waiting();
  const { child } = guard.guard;
  const { pid = 0 } = child;
  // The process may be dead for a moment before its exit is known here.
  const isKnown = once(child, "exit");
  process.kill(pid, "SIGKILL");
  await isKnown;
  const handle = bench.start(bench.behave("success"), { guard });
  expect(handle.pid).not.toBe(pid);
  expect(await handle.done).toMatchObject({ cause: "exited", code: 0, remaining: 0 });
});

test("a guard that waits in vain ends, and releases the lock", async () => {
  const guard = waiting();
  expect(guard.isAlive()).toBe(true);
  await guard.end();
  await guard.end();
  expect(guard.isAlive()).toBe(false);
  bench.lock.release();
  (await lock(bench.lock.path, { timeoutMs: 1000 })).release();
});

test("SIGKILL of the runner: a guard that waits ends too, and the lock is free", async () => {
  const lockPath = join(bench.dir, "host.lock");
  const child = spawn(process.execPath, [join(FIXTURES, "programs/waitingGuard.ts"), lockPath], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  host = child;
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  child.kill("SIGKILL");
  await exited(Number(line));
  (await lock(lockPath, { timeoutMs: 60_000 })).release();
});

test("the guard ignores SIGINT and SIGHUP, and SIGTERM ends the agent", async () => {
  const file = join(bench.dir, "pid");
  const handle = bench.start(bench.behave("ignore-term", file));
  await numberIn(file);
  process.kill(handle.pid, "SIGINT");
  process.kill(handle.pid, "SIGHUP");
  process.kill(handle.pid, "SIGTERM");
  expect(await handle.done).toMatchObject({ cause: "guard-killed", signal: "SIGKILL" });
});

test("the agent has the lock as descriptor 3, its own process group, and no access to the guard's pipe", async () => {
  const program = ["bash", "-c", "ls -l /proc/self/fd; kill 0"];
  const { commandDriver } = await import("../agent/command/driver.ts");
  const end = await bench.start(bench.request({ program }), { driver: commandDriver({ model: "fake", prices: {} }) })
    .done;
  expect(end.cause).toBe("exited");
  expect(end.lastText).toMatch(/ 3 -> .*workspace\.lock/);
  expect(end.lastText).not.toMatch(/ [5-9] -> /);
  expect(end.lastText).toMatch(/ 4 -> \/proc\/\d+\/fd/);
});

test("a guard without a runner ends", async () => {
  const main = fileURLToPath(new URL("main.ts", import.meta.url));
  const child = spawn(process.execPath, [main], { stdio: ["ignore", "ignore", "ignore", "ignore", "pipe"] });
  child.stdio[4]?.destroy();
  expect(await once(child, "exit")).toEqual([0, null]);
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
