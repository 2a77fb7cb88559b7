import { messageOf } from "@tac8/core/domain/messageOf";
import { spawn, type ChildProcess } from "node:child_process";
import { statSync } from "node:fs";
import { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { RUN_MARKER } from "@tac8/core/domain/runMarker";
import { startTimeOf } from "@tac8/core/process/procfs";
import { abandonCgroups, cgroupPrefix, oomKills } from "../process/cgroup.ts";
import { killSurvivors } from "../process/survivors.ts";
import { AGENT_NICENESS, lifeOf } from "./agent.ts";
import { neverStarted, TOO_MANY_FILES, type Guarded, type GuardEnd } from "./guarded.ts";
import type { GuardStart } from "./protocol.ts";
import { startTimeGuard } from "./timeGuard.ts";

export interface SandboxStart extends Omit<GuardStart, "runnerPid" | "launcher"> {
  /** The agent's folder, which `program` itself enters. */
  readonly cwd: string;
  /** Descriptor of the workspace's lock, which its guard keeps. */
  readonly lockFd: number;
  /** Descriptor of the lock that the sandbox gets as descriptor 3. */
  readonly insideFd: number;
  /** Path of bash, for the guard. */
  readonly bash: string;
}

/**
 * Start an agent's sandbox as a child of this process. The sandbox dies with this process, because `program` asks the
 * kernel for that (`--die-with-parent`). For the kernel, the parent is the thread that started it, and Node starts
 * processes on the calling thread. So this must be the main thread, which lives as long as the process. SIGTERM is sent
 * as the word `term` on descriptor 4, because the signal itself would end the whole sandbox at once. Every failure ends
 * in `ended`.
 */
export function startSandbox(start: SandboxStart): Guarded {
  const { runId, cwd, leftMs, bash, lockPath, lockFd } = start;
  const [name = ""] = start.program;
  if (!isFolder(cwd)) return neverStarted(`cannot start ${name}: its folder ${cwd} is missing`);
  let lost: string | null = null;
  const onLost = (why: string): void => {
    lost = why;
    kill();
  };
  const guard = startTimeGuard({ bash, runId, lock: { path: lockPath, fd: lockFd }, onLost });
  if (typeof guard === "string") return neverStarted(`cannot start the guard: ${guard}`);
  const sandbox = spawnSandbox(start);
  if (typeof sandbox === "string") {
    abandonCgroups(runId);
    return neverStarted(`cannot start ${name}: ${sandbox}`, guard.close());
  }
  const { child, stdin, stdout, stderr, words } = sandbox;
  const kill = (): void => void child.kill("SIGKILL");
  const { pid } = child;
  let since = 0;
  if (pid !== undefined) {
    const startTime = readStartTime(pid);
    if (typeof startTime === "string") onLost(startTime);
    else {
      since = startTime;
      guard.watch({ pid, startTime }, leftMs);
    }
  }
  const life = lifeOf(child);
  const abandoned = Promise.withResolvers<GuardEnd>();

  const end = async (): Promise<GuardEnd> => {
    try {
      await life.started;
    } catch (error) {
      abandonCgroups(runId);
      await guard.close();
      return { kind: "spawn-failed", message: `cannot start ${name}: ${wordsOf(error)}` };
    }
    const exit = await life.ended;
    const isLate = await guard.close();
    if (lost !== null) return { kind: "lost", message: `the sandbox was ended because its ${lost}` };
    const oom = oomKills(runId); // Before the search for survivors, which removes the empty group.
    // While this process was stopped, the guard may also have killed a sandbox that had already exited.
    const cause = isLate && exit.signal !== null ? "heartbeat-lost" : "exit";
    return { kind: "exit", exit: { exit, ...(await killRemaining(start, since)), cause, oomKills: oom } };
  };

  return {
    get pid() {
      return guard.pid;
    },
    stdin,
    stdout,
    stderr,
    started: life.started.then(
      () => pid ?? null,
      () => null,
    ),
    ended: Promise.race([end(), abandoned.promise]),
    send(command) {
      if (command === "kill") kill();
      else if (command !== "term") guard.beat(Number(command.slice("beat ".length)));
      else if (words.writable) words.write("term\n");
    },
    killGuard() {
      kill();
      void guard.close(); // The guard has the lock.
      abandoned.resolve({ kind: "lost", message: `the sandbox's process ${pid} could not be ended` });
    },
  };
}

interface SpawnedSandbox {
  readonly child: ChildProcess;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly words: Socket;
}

/** @returns the reason if this machine has no process, memory or descriptors left for it */
function spawnSandbox(start: SandboxStart): SpawnedSandbox | string {
  const { runId, program, env, group, insideFd } = start;
  // By a program, because processes that bubblewrap starts before this process could set the priority would keep its
  // priority.
  const priority = ["nice", "-n", String(AGENT_NICENESS), "--"];
  const [name = "", ...args] = [...cgroupPrefix({ runId, limits: group }), ...priority, ...program];
  let child: ChildProcess;
  try {
    child = spawn(name, args, {
      // Not the agent's folder, which `program` itself enters: a relative folder of PATH would find programs of the
      // agent there.
      cwd: "/",
      env: { ...env, [RUN_MARKER]: runId },
      stdio: ["pipe", "pipe", "pipe", insideFd, "pipe"],
      // Own session: a terminal's Ctrl-C must not reach it.
      detached: true,
    });
  } catch (error) {
    return wordsOf(error);
  }
  const { stdin, stdout, stderr } = child;
  const words = child.stdio?.[4]; // Without free descriptors there are no pipes, although the type excludes that.
  if (words instanceof Socket && stdin !== null && stdout !== null && stderr !== null) {
    // Errors of these streams need no report if the program has just exited, because its exit is reported.
    for (const stream of [words, stdin]) stream.on("error", () => undefined);
    // When the process exits, Node discards data that has no reader. With this listener, `resume` does nothing.
    for (const stream of [stdout, stderr]) stream.on("readable", () => undefined);
    return { child, stdin, stdout, stderr, words };
  }
  child.on("error", () => undefined); // The error event is emitted later, and has no more information.
  return TOO_MANY_FILES;
}

/**
 * Kill survivors. Everything in a sandbox dies with its first process, so this is a second protection, which a machine
 * without free descriptors does not have.
 */
async function killRemaining(
  { runId, lockPath }: SandboxStart,
  since: number,
): Promise<{ survivors: number; remaining: number }> {
  try {
    const { killed, remaining } = await killSurvivors({ runId, lockPath, except: [process.pid], since });
    return { survivors: killed, remaining: remaining.length };
  } catch {
    return { survivors: 0, remaining: 0 };
  }
}

/** @returns the reason if the guard cannot watch the process */
function readStartTime(pid: number): number | string {
  try {
    return startTimeOf(pid) ?? "process has no start time in /proc";
  } catch (error) {
    return `process could not be read in /proc: ${wordsOf(error)}`; // No free descriptor.
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // Missing, or not accessible.
  }
}

function wordsOf(error: unknown): string {
  return messageOf(error);
}
