import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import type { Launched } from "@tac8/core/isolation/launcher/client";

/** A helper's process, however it was started. */
export interface HelperChild {
  /** Undefined: it has not been started. */
  readonly pid: number | undefined;
  /** Null: this machine has no descriptors left for them. */
  readonly streams: { readonly stdin: Writable; readonly stdout: Readable; readonly stderr: Readable } | null;
  /** It runs. Never rejects, and resolves never where it could not be started. */
  readonly started: Promise<void>;
  /** Resolves with how it ended, in words. Rejects: it could not be started. */
  readonly exited: Promise<string>;
  /** It has exited, and everything that it has written was read. */
  readonly closed: Promise<void>;
  /** With everything that it has started, as far as the way it was started reaches. */
  kill(): void;
}

export interface HelperCommand {
  /** The whole command line. */
  readonly command: readonly string[];
  /** The whole environment of the helper itself; each git command brings its own. */
  readonly env: Readonly<Record<string, string>>;
  /** Passed on as descriptor 3. */
  readonly lockFd?: number | undefined;
}

/** As a child of this process. @throws Error this machine cannot start it */
export function spawned({ command, env, lockFd }: HelperCommand): HelperChild {
  const [program = "", ...args] = command;
  const child = spawn(program, args, {
    // Its own session: a terminal's Ctrl-C must not reach it. Its own folder: nothing of the workspace's is loaded.
    detached: true,
    cwd: "/",
    env,
    stdio: ["pipe", "pipe", "pipe", ...(lockFd === undefined ? [] : [lockFd])],
  });
  const { stdin, stdout, stderr } = child as {
    readonly [name in "stdin" | "stdout" | "stderr"]: ChildProcess[name] | undefined;
  };
  return {
    pid: child.pid,
    started: Promise.resolve(),
    streams: stdin && stdout && stderr ? { stdin, stdout, stderr } : null,
    ...endOf(child),
    kill: () => killGroup(child),
  };
}

/** By the launcher. */
export function launched(child: Launched): HelperChild {
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

function endOf(child: ChildProcess | Launched): Pick<HelperChild, "exited" | "closed"> {
  const emitter: NodeJS.EventEmitter = child;
  const exited = once(emitter, "exit").then((end) => {
    const [code, signal] = end as [number | null, string | null];
    return signal ?? `exit code ${code}`;
  });
  exited.catch(() => undefined);
  const closed = new Promise<void>((resolve) => emitter.once("close", () => resolve()));
  return { exited, closed };
}

/** The command may start the helper as its child. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    child.kill("SIGKILL");
  }
}
