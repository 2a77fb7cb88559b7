import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { holdUser, type HeldUser } from "@tac8/core/isolation/launcher/client";
import { readProc, readStat } from "@tac8/core/process/procfs";
import { commandDriver } from "../agent/command/driver.ts";
import { createBench, exited, isRunning, type Bench } from "../agent/testing/harness.ts";
import type { AgentRequest, Launch } from "../agent/types.ts";
import { startLauncher, type TestLauncher } from "../launcher/testing/startLauncher.ts";
import { startLaunched } from "./client.ts";

const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stderr.write("skipped: the guard of an agent of the launcher, because the launcher needs root\n");

const driver = commandDriver({ model: "fake", prices: {} });

test("a guard without a runner ends", async () => {
  const main = fileURLToPath(new URL("main.ts", import.meta.url));
  const child = spawn(process.execPath, [main], { stdio: ["ignore", "ignore", "ignore", "ignore", "pipe"] });
  child.stdio[4]?.destroy();
  expect(await once(child, "exit")).toEqual([0, null]);
});

describe.skipIf(!isRoot)("the guard of an agent that the launcher starts", () => {
  let bench: Bench;
  let launcher: TestLauncher;
  let held: HeldUser;
  let launch: Launch;
  beforeEach(async () => {
    bench = await createBench();
    launcher = await startLauncher();
    const uid = launcher.ids.first;
    held = await holdUser(launcher.socket, { uid, lockFile: join(launcher.dir, "lock") });
    launch = {
      commandOf: (program) => program,
      starter: { launcher: { socket: launcher.socket, uid, groups: [] } },
      endOf: (exit) => exit,
    };
  });
  afterEach(async () => {
    await bench.close();
    await held.release();
    await launcher.stop();
  });

  const request = (given: Partial<AgentRequest> = {}): AgentRequest =>
    bench.request({ program: ["sh", "-c", "setsid sleep 7777 & echo ready; wait"], cwd: "/", ...given });

  fieldTest("B5", "is not found by a search for the name node, not even by its complete command line", async () => {
    const { runId } = request();
    const handle = bench.start(request(), { driver, launch });
    await handle.agentPid;
    expect(readStat(handle.pid)?.comm).toBe("tac8 guard " + runId.slice(0, 4));
    expect(readProc(`/proc/${handle.pid}/cmdline`)?.replaceAll("\0", "")).toBe(`tac8 guard ${runId}`);
    await handle.kill("lost");
  });

  test("without heartbeats the agent dies, with all its processes", async () => {
    const handle = bench.start(request({ heartbeatMs: 3_600_000 }), { driver, launch, timeLeftMs: () => 2000 });
    await bench.event(({ text }) => text.includes("ready"));
    expect(await handle.done).toMatchObject({ cause: "heartbeat-lost", signal: "SIGKILL", remaining: 0 });
    expect(isRunning((await handle.agentPid) ?? 0)).toBe(false);
  });

  test("heartbeats keep the agent alive beyond its initial time", async () => {
    const enough = Promise.withResolvers<void>();
    let beats = 0;
    const timeLeftMs = (): number => {
      beats += 1;
      if (beats === 30) enough.resolve();
      return 2000;
    };
    const handle = bench.start(request({ heartbeatMs: 100 }), { driver, launch, timeLeftMs });
    await enough.promise;
    expect(isRunning((await handle.agentPid) ?? 0)).toBe(true);
    expect(await handle.kill("lost")).toMatchObject({ cause: "lost", signal: "SIGKILL" });
  });

  test("a guard that dies ends the agent, because the launcher loses its connection", async () => {
    const handle = bench.start(request(), { driver, launch });
    const agent = (await handle.agentPid) ?? 0;
    process.kill(handle.pid, "SIGKILL");
    expect(await handle.done).toMatchObject({ cause: "guard-lost", problems: [expect.stringContaining("SIGKILL")] });
    await exited(agent);
  });

  test("ignores SIGINT and SIGHUP, and SIGTERM ends the agent", async () => {
    const handle = bench.start(request(), { driver, launch });
    await bench.event(({ text }) => text.includes("ready"));
    for (const signal of ["SIGINT", "SIGHUP", "SIGTERM"] as const) process.kill(handle.pid, signal);
    expect(await handle.done).toMatchObject({ cause: "guard-killed", signal: "SIGKILL" });
  });

  test("a heartbeat to a guard that has just exited does no harm", async () => {
    const { runId, program, cwd, env } = request();
    const starter = launch.starter;
    if (!("launcher" in starter)) throw new Error("the launcher starts this agent");
    const { path: lockPath, fd: lockFd } = bench.lock;
    const guarded = startLaunched({ runId, program, cwd, env, lockPath, lockFd, leftMs: 60_000, ...starter });
    const agent = (await guarded.started) ?? 0;
    guarded.killGuard();
    // No turn of the event loop in between, so that its end was not noticed.
    while (readStat(guarded.pid)?.state !== "Z");
    guarded.send("beat 60000");
    expect(await guarded.ended).toMatchObject({ kind: "lost" });
    await exited(agent);
  });
});
