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
  /** The agent's folder. `program` enters it by itself. */
  readonly cwd: string;
  /** Of the workspace's lock, which its guard keeps. */
  readonly lockFd: number;
  /** Of the lock that the sandbox gets, as descriptor 3. */
  readonly insideFd: number;
  /** Path of bash, for the guard. */
  readonly bash: string;
}

/**
 * Start an agent's sandbox as a child of this process, with which it dies: `program` asks the kernel for that (`--die-with-parent`).
 * The kernel means the thread that started it: Node starts processes on the thread that asks for it, so this must be the main one,
 * which lives as long as the process. The sandbox gets SIGTERM as the word `term` on its descriptor 4: the signal itself would end
 * all of it at once. Trouble of any kind ends in `ended`.
 */
export function startSandbox(start: SandboxStart): Guarded {
  const { runId, cwd, leftMs, bash, lockPath, lockFd } = start;
  const [name = ""] = start.program;
  if (!isFolder(cwd)) return neverStarted(`cannot start ${name}: its folder ${cwd} is not there`);
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
  if (pid !== undefined) {
    const startTime = readStartTime(pid);
    if (typeof startTime === "string") onLost(startTime);
    else guard.watch({ pid, startTime }, leftMs);
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
    const oom = oomKills(runId); // Before the hunt, which takes the empty group away.
    // The guard also kills one that ended already, while this process was stopped.
    const cause = isLate && exit.signal !== null ? "heartbeat-lost" : "exit";
    return { kind: "exit", exit: { exit, ...(await huntSurvivors(start)), cause, oomKills: oom } };
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
      void guard.close(); // It has the lock.
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

/** @returns why not, where this machine has no process, memory or descriptors left for it. */
function spawnSandbox(start: SandboxStart): SpawnedSandbox | string {
  const { runId, program, env, group, insideFd } = start;
  // By a program: what bubblewrap has started by the time that this process could set it would keep the priority of this one.
  const priority = ["nice", "-n", String(AGENT_NICENESS), "--"];
  const [name = "", ...args] = [...cgroupPrefix({ runId, limits: group }), ...priority, ...program];
  let child: ChildProcess;
  try {
    child = spawn(name, args, {
      // Not the agent's folder, which `program` itself enters: a relative folder of its PATH would name programs of the agent's there.
      cwd: "/",
      env: { ...env, [RUN_MARKER]: runId },
      stdio: ["pipe", "pipe", "pipe", insideFd, "pipe"],
      // Its own session: a terminal's Ctrl-C must not reach it.
      detached: true,
    });
  } catch (error) {
    return wordsOf(error);
  }
  const { stdin, stdout, stderr } = child;
  const words = child.stdio?.[4]; // Without free descriptors there are no pipes at all, whatever the type says.
  if (words instanceof Socket && stdin !== null && stdout !== null && stderr !== null) {
    // What fails on the way to a program that has just ended adds nothing: its exit says so.
    for (const stream of [words, stdin]) stream.on("error", () => undefined);
    // When its process exits, Node lets flow what nobody reads yet, and it is lost. `resume` does nothing where this is listened to.
    for (const stream of [stdout, stderr]) stream.on("readable", () => undefined);
    return { child, stdin, stdout, stderr, words };
  }
  child.on("error", () => undefined); // It comes later, and says no more than this:
  return TOO_MANY_FILES;
}

/** Everything in a sandbox dies with its first process, so this is a second net: a machine without free descriptors has only the first. */
async function huntSurvivors({ runId, lockPath }: SandboxStart): Promise<{ survivors: number; remaining: number }> {
  try {
    const { killed, remaining } = await killSurvivors({ runId, lockPath, except: [process.pid] });
    return { survivors: killed, remaining: remaining.length };
  } catch {
    return { survivors: 0, remaining: 0 };
  }
}

/** @returns why the guard could not watch it */
function readStartTime(pid: number): number | string {
  try {
    return startTimeOf(pid) ?? "process has no start time in /proc";
  } catch (error) {
    return `process could not be read in /proc: ${wordsOf(error)}`; // No descriptor was left.
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // Missing, or out of reach.
  }
}

function wordsOf(error: unknown): string {
  return messageOf(error);
}
