import { messageOf } from "@tac8/core/domain/messageOf";
import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { pipesOf, TOO_MANY_FILES } from "../process/pipes.ts";
import { smallNode } from "../process/smallNode.ts";
import { killSurvivors } from "../process/survivors.ts";
import { neverStarted, type Guarded, type GuardEnd, type Leftovers } from "./guarded.ts";
import { parseMessage, type GuardStart } from "./protocol.ts";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));

export interface GuardedStart extends GuardStart {
  /** Path of the workspace's lock. */
  readonly lockPath: string;
  /** Its descriptor. */
  readonly lockFd: number;
}

/**
 * Start a guard, which has the launcher start the agent. The guard inherits the lock's descriptor, but never the runner's environment.
 */
export function startLaunched({ lockPath, lockFd, ...start }: GuardedStart): Guarded {
  const guard = spawnGuard(start.runId, lockFd);
  if (typeof guard === "string") return neverStarted(`cannot start the guard: ${guard}`);
  const { child, control, stdin, stdout, stderr } = guard;
  const started = Promise.withResolvers<number | null>();
  let reported: GuardEnd | null = null;
  let spawnFailure: Error | null = null;

  // The exit of a guard reports its end, so errors of this connection need no report.
  control.on("error", () => undefined);
  stdin.on("error", () => undefined);
  const lines = createInterface({ input: control });
  lines.on("error", () => undefined); // It emits errors of its input, such as a heartbeat to a guard that has just exited.
  // It waits for the end of its input, which does not come after an error.
  control.once("close", () => lines.close());
  lines.on("line", (line) => {
    const message = parseMessage(line);
    if (message === null) return;
    if ("started" in message) started.resolve(message.started.pid);
    else if ("spawnError" in message) reported = { kind: "spawn-failed", message: message.spawnError };
    else reported = { kind: "exit", exit: message };
  });
  child.once("error", (error) => (spawnFailure = error));
  const exited = new Promise<string>((resolve) => {
    child.once("exit", (code, signal) => resolve(`guard ${child.pid} ended by ${signal ?? `exit code ${code}`}`));
    child.once("error", (error) => resolve(error.message));
  });
  const read = new Promise<void>((resolve) => lines.once("close", () => resolve()));
  const end = async (): Promise<GuardEnd> => {
    const [how] = await Promise.all([exited, read]);
    started.resolve(null);
    if (spawnFailure !== null) reported ??= { kind: "spawn-failed", message: `cannot start the guard: ${how}` };
    return reported ?? { kind: "lost", message: `${how} without a report`, ...(await killLeft(start.runId, lockPath)) };
  };
  control.write(`${JSON.stringify(start)}\n`);

  return {
    pid: child.pid ?? 0,
    stdin,
    stdout,
    stderr,
    started: started.promise,
    ended: end(),
    send: (command) => {
      if (control.writable) control.write(`${command}\n`);
    },
    killGuard: () => void child.kill("SIGKILL"),
  };
}

/** Kill the processes that a guard without a report has left, except those of the agent's user, which the launcher kills. */
async function killLeft(runId: string, lockPath: string): Promise<Leftovers> {
  try {
    const { killed, remaining } = await killSurvivors({ runId, lockPath, except: [process.pid] });
    return { survivors: killed, remaining: remaining.length };
  } catch {
    return { survivors: 0, remaining: 1 }; // No free file descriptor for the search.
  }
}

interface SpawnedGuard {
  readonly child: ChildProcess;
  readonly control: Socket;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
}

/** @returns the reason if this machine has no process, memory or descriptors left for it */
function spawnGuard(runId: string, lockFd: number): SpawnedGuard | string {
  let child: ChildProcess;
  try {
    // The run id is an argument for users who read `ps`.
    child = spawn(process.execPath, [...smallNode(64), MAIN, runId], {
      // Own session: a terminal's Ctrl-C must not reach it. Own folder: it loads no file of the workspace.
      detached: true,
      cwd: "/",
      env: {},
      stdio: ["pipe", "pipe", "pipe", lockFd, "pipe"],
    });
  } catch (error) {
    return messageOf(error);
  }
  const pipes = pipesOf(child, "stdin", "stdout", "stderr");
  const control = pipes === null ? null : child.stdio[4];
  return pipes !== null && control instanceof Socket ? { child, control, ...pipes } : TOO_MANY_FILES;
}
