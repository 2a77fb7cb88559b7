import { findProgram } from "@tac8/core/app/findProgram";
import { messageOf } from "@tac8/core/domain/messageOf";
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { Socket } from "node:net";
import { getPriority, setPriority } from "node:os";
import { resolve } from "node:path";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { RUN_MARKER } from "@tac8/core/domain/runMarker";
import { startTimeOf } from "@tac8/core/process/procfs";
import { abandonCgroups, cgroupPrefix, oomKills, type GroupLimits } from "../process/cgroup.ts";
import { killSurvivors } from "../process/survivors.ts";
import { pipesOf, TOO_MANY_FILES } from "../process/pipes.ts";
import { neverStarted, type Guarded, type GuardEnd, type Leftovers } from "./guarded.ts";
import { AGENT_NICENESS, lifeOf } from "./life.ts";
import type { AgentStart, GuardExit } from "./protocol.ts";
import { startTimeGuard } from "./timeGuard.ts";

export interface DirectStart extends AgentStart {
  /** Path of the workspace's lock. */
  readonly lockPath: string;
  /** Its descriptor, which the guard keeps. An agent without a sandbox gets it too, as descriptor 3. */
  readonly lockFd: number;
  /**
   * Set if `program` is a sandbox, which itself enters the agent's folder: descriptor of the lock that it gets as
   * descriptor 3.
   */
  readonly insideFd: number | null;
  /** Path of bash, for the guard. */
  readonly bash: string;
  /** Limits of the control group in which the agent is started. */
  readonly group: GroupLimits;
}

/** Variables that a shell adds to the environment. */
const SHELL_VARIABLES = ["PWD", "OLDPWD", "SHLVL", "_"];
/** Folders that the C library searches without a PATH. */
const DEFAULT_PATH = "/bin:/usr/bin";
/** Time limit and pauses for a search for survivors that fails because no descriptor is free. */
const SEARCH = { limitMs: 10_000, pauseMs: 100 };
/** Time between the deaths of a guard and of its agent that count as one event. */
const TOGETHER_MS = 1000;

/**
 * Start an agent as a child of this process, and a guard beside it. Every failure ends in `ended`.
 *
 * A sandbox dies with this process, because `program` asks the kernel for that (`--die-with-parent`). For the kernel, the
 * parent is the thread that started it, and Node starts processes on the calling thread. So this must be the main
 * thread, which lives as long as the process. SIGTERM is sent to a sandbox as the word `term` on descriptor 4, because
 * the signal itself would end the whole sandbox at once.
 *
 * An agent without a sandbox survives this process until its guard has killed it.
 */
export function startDirect(start: DirectStart): Guarded {
  const { runId, cwd, leftMs, bash, lockPath, lockFd } = start;
  const [name = ""] = start.program;
  if (!isFolder(cwd)) return neverStarted(`cannot start ${name}: its folder ${cwd} is missing`);
  let lost: string | null = null;
  const onLost = (why: string): void => {
    lost = why;
    kill();
  };
  const guard = startTimeGuard({ bash, runId, leftMs, lock: { path: lockPath, fd: lockFd }, onLost });
  if (typeof guard === "string") return neverStarted(`cannot start the guard: ${guard}`);
  const agent = spawnAgent(start);
  if (typeof agent === "string") {
    abandonCgroups(runId);
    return neverStarted(`cannot start ${name}: ${agent}`, guard.close());
  }
  const { child, stdin, stdout, stderr, words } = agent;
  let isKilled = false;
  const kill = (): void => {
    isKilled = true;
    child.kill("SIGKILL");
  };
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
    const exitedAt = performance.now();
    const isLate = await guard.hold();
    const why = whyLost(exit, { isLate, exitedAt });
    // While this process was stopped, the guard may also have killed an agent that had already exited.
    const cause = isLate && exit.signal !== null ? "heartbeat-lost" : "exit";
    const oom = oomKills(runId); // Before the search for survivors, which removes the empty group.
    const left = await killLeft();
    await guard.close(); // Only now, because the guard has the lock.
    if (why !== null) return { kind: "lost", message: why, ...left };
    return { kind: "exit", exit: { exit, ...left, cause, oomKills: oom } };
  };

  const abandon = async (): Promise<void> => {
    await guard.hold();
    const left = await killLeft();
    await guard.close(); // Only now, because the guard has the lock.
    abandoned.resolve({ kind: "lost", message: `the agent's process ${pid} could not be ended`, ...left });
  };

  const whyLost = (
    exit: GuardExit["exit"],
    { isLate, exitedAt }: { readonly isLate: boolean; readonly exitedAt: number },
  ): string | null => {
    if (lost !== null) return `the agent was ended because its ${lost}`;
    // Another process has killed both, so the agent has not failed.
    if (!isLate && exit.signal === "SIGKILL" && (guard.diedAt ?? -Infinity) > exitedAt - TOGETHER_MS && !isKilled)
      return "the agent was killed together with its guard";
    return null;
  };

  let search: Promise<Leftovers> | null = null;
  /** Kill the survivors while the guard has the lock. All ends share one search. */
  const killLeft = (): Promise<Leftovers> => {
    search ??= killRemaining(start, { since, session: pid, guard: guard.pid }).then(({ killed, remaining }) => ({
      survivors: guard.killed + killed,
      remaining,
    }));
    return search;
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
      else if (words === null) child.kill("SIGTERM");
      else if (words.writable) words.write("term\n");
    },
    killGuard() {
      kill();
      void abandon();
    },
  };
}

interface SpawnedAgent {
  readonly child: ChildProcess;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Set for a sandbox. */
  readonly words: Socket | null;
}

/** @returns the reason if the program is missing, or if this machine has no process, memory or descriptors left for it */
function spawnAgent(start: DirectStart): SpawnedAgent | string {
  const { runId, program, env, group, bash, lockFd, insideFd } = start;
  const isSandbox = insideFd !== null;
  // By a program, because processes that bubblewrap starts before this process could set the priority would keep its
  // priority.
  const priority = isSandbox ? ["nice", "-n", String(AGENT_NICENESS), "--"] : [];
  const entering = cgroupPrefix({ runId, limits: group, bash });
  const added = SHELL_VARIABLES.filter((name) => env[name] === undefined);
  // `env` takes a program with this sign in its name for a variable.
  const isCleaned = entering.length > 0 && !(program[0] ?? "").includes("=");
  const cleaning = isCleaned ? ["/usr/bin/env", ...added.flatMap((name) => ["-u", name])] : [];
  const before = [...entering, ...cleaning, ...priority];
  // Not the agent's folder, which a sandbox itself enters: a relative folder of PATH would find programs of the agent
  // there.
  const cwd = isSandbox ? "/" : start.cwd;
  // `spawn` reports the error of the first of these programs only.
  const missing = before.length > 0 ? startError(program[0] ?? "", { path: env["PATH"] ?? DEFAULT_PATH, cwd }) : null;
  if (missing !== null) return missing;
  const [name = "", ...args] = [...before, ...program];
  let child: ChildProcess;
  try {
    child = spawn(name, args, {
      cwd,
      env: { ...env, [RUN_MARKER]: runId },
      stdio: isSandbox ? ["pipe", "pipe", "pipe", insideFd, "pipe"] : ["pipe", "pipe", "pipe", lockFd],
      // Own session: a terminal's Ctrl-C must not reach it, and `kill 0` in an agent's script must reach no other process.
      detached: true,
    });
  } catch (error) {
    return wordsOf(error);
  }
  if (!isSandbox && child.pid !== undefined) lowerPriority(child.pid);
  const pipes = pipesOf(child, "stdin", "stdout", "stderr");
  if (pipes === null) return TOO_MANY_FILES;
  const words = child.stdio[4] instanceof Socket ? child.stdio[4] : null;
  // Errors of these streams need no report if the program has just exited, because its exit is reported.
  for (const stream of [words, pipes.stdin]) stream?.on("error", () => undefined);
  // When the process exits, Node discards data that has no reader. With this listener, `resume` does nothing.
  for (const stream of [pipes.stdout, pipes.stderr]) stream.on("readable", () => undefined);
  return { child, ...pipes, words };
}

/** Return the error of `spawn` for a program that is missing or not executable; null: it can be started. */
function startError(name: string, given: { readonly path: string; readonly cwd: string }): string | null {
  if (findProgram(name, given) !== null) return null;
  const isThere = name.includes("/") && existsSync(resolve(given.cwd, name));
  return `spawn ${name} ${isThere ? "EACCES" : "ENOENT"}`;
}

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, Math.min(19, getPriority() + AGENT_NICENESS));
  } catch {
    // The process ended already.
  }
}

/**
 * Kill survivors. Everything in a sandbox dies with its first process, so for a sandbox this is a second protection. If
 * this machine has no free descriptor for the search until the time limit, an agent without a sandbox may have left one.
 */
async function killRemaining(
  { runId, lockPath, insideFd }: DirectStart,
  { since, session, guard }: { readonly since: number; readonly session: number | undefined; readonly guard: number },
): Promise<{ killed: number; remaining: number }> {
  const deadline = performance.now() + SEARCH.limitMs;
  do {
    try {
      // The session's first process may have exited. While another process of the session is left, no other process gets its id.
      const first = session === undefined ? null : startTimeOf(session);
      const isReused = first !== null && first !== since;
      const query = { runId, lockPath, except: [process.pid, guard], since, session: isReused ? undefined : session };
      const { killed, remaining } = await killSurvivors(query);
      return { killed, remaining: remaining.length };
    } catch {
      await sleep(SEARCH.pauseMs);
    }
  } while (performance.now() < deadline);
  return { killed: 0, remaining: insideFd === null ? 1 : 0 };
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
