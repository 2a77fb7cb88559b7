import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import type { LaunchedProgram } from "@tac8/core/isolation/launcher/client";
import { pipesOf } from "../../process/pipes.ts";

/** A helper's process, however it was started. */
export interface HelperChild {
  /** Undefined if the process has not been started. */
  readonly pid: number | undefined;
  /** Null if this machine has no descriptors left. */
  readonly streams: { readonly stdin: Writable; readonly stdout: Readable; readonly stderr: Readable } | null;
  /** Resolves when the process runs. Never settles if it could not be started. */
  readonly started: Promise<void>;
  /** Resolves with a text that says how the process ended. Rejects if it could not be started. */
  readonly exited: Promise<string>;
  /** Resolves when the process has exited and all of its output has been read. */
  readonly closed: Promise<void>;
  /** Kill the process, and the processes that it has started if the way of its start allows that. */
  kill(): void;
}

export interface HelperCommand {
  /** Complete command line. */
  readonly command: readonly string[];
  /** Complete environment of the helper itself. Each git command has its own. */
  readonly env: Readonly<Record<string, string>>;
  /** Passed on as descriptor 3. */
  readonly lockFd?: number | undefined;
}

/** Start a helper as a child of this process. @throws Error if this machine cannot start it */
export function spawned({ command, env, lockFd }: HelperCommand): HelperChild {
  const [program = "", ...args] = command;
  const child = spawn(program, args, {
    // A separate session, so that Ctrl-C in a terminal does not reach it. A separate folder, so that it loads no file of the workspace.
    detached: true,
    cwd: "/",
    env,
    stdio: ["pipe", "pipe", "pipe", ...(lockFd === undefined ? [] : [lockFd])],
  });
  return {
    pid: child.pid,
    started: Promise.resolve(),
    streams: pipesOf(child, "stdin", "stdout", "stderr"),
    ...endOf(child),
    kill: () => killGroup(child),
  };
}

/** Wrap a helper that the launcher has started. */
export function launched(child: LaunchedProgram): HelperChild {
  const { stdin, stdout, stderr } = child;
  return {
    get pid() {
      return child.pid;
    },
    started: new Promise((resolve) => child.once("spawn", resolve)),
    streams: { stdin, stdout, stderr },
    ...endOf(child),
    kill: () => void child.kill("SIGKILL"),
  };
}

function endOf(child: ChildProcess | LaunchedProgram): Pick<HelperChild, "exited" | "closed"> {
  const emitter: NodeJS.EventEmitter = child;
  const exited = once(emitter, "exit").then((end) => {
    const [code, signal] = end as [number | null, string | null];
    return signal ?? `exit code ${code}`;
  });
  exited.catch(() => undefined);
  const closed = new Promise<void>((resolve) => emitter.once("close", () => resolve()));
  return { exited, closed };
}

/** Kill the process group, because the command may have started the helper as its child. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    child.kill("SIGKILL");
  }
}
