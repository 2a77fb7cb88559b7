import { messageOf } from "@tac8/core/domain/messageOf";
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { Readable, type Writable } from "node:stream";
import { pipesOf, TOO_MANY_FILES } from "../process/pipes.ts";

// Not by execa: the helper would start 30 ms later with it.

/** Standard input of git: these bytes, or a file from a position on. Git itself reads the file. */
export type GitInput = Buffer | { readonly file: string; readonly from: number };

export interface GitProcessOptions {
  readonly dir: string;
  /** The whole environment. Its `PATH` finds git. */
  readonly env: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly input?: GitInput | undefined;
  readonly timeoutMs: number;
  /** Time to end after SIGTERM; then SIGKILL. Default 5 s. */
  readonly forceMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Descriptor of a lock that git, and what it starts, keeps until its end. Passed on as descriptor 3. */
  readonly lockFd?: number | undefined;
}

/** A git command in a process group of its own. What ends it ends the whole group, which is everything that git has started. */
export interface GitProcess {
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Call back when it has exited. Something that it has started may still have its output open. */
  onExit(then: () => void): void;
  /** Resolves when it has exited and its output is closed, which a stop or kill ensures within seconds. Never rejects. */
  readonly ended: Promise<GitProcessEnd>;
  /** SIGTERM, and SIGKILL if it does not end in time. */
  stop(): void;
  /** SIGKILL. */
  kill(): void;
}

export interface GitProcessEnd {
  /** Undefined: it was killed, or could not be started. */
  readonly code: number | undefined;
  /** How it ended, in words. */
  readonly how: string;
  readonly timedOut: boolean;
  /** It was ended because the signal was aborted. */
  readonly aborted: boolean;
}

const FORCE_MS = 5000;
/** Time for the output to be closed after SIGKILL. A process that left git's group, such as one of a filter, can hold it open. */
const HELD_MS = 5000;

const SKIP_BYTES = 64 * 1024;

/** Git commands that run. None outlives this process. */
const running = new Set<ChildProcess>();
process.on("exit", () => running.forEach((child) => signalGroup(child, "SIGTERM")));

/** Start one git command. Trouble of any kind ends in `ended`. */
export function startGit(options: GitProcessOptions): GitProcess {
  const { dir, env, args, input, timeoutMs, forceMs = FORCE_MS, signal, lockFd } = options;
  const what = `git ${args[0] ?? ""}`;
  let child: ChildProcess;
  let file: number | null = null;
  try {
    file = input === undefined || Buffer.isBuffer(input) ? null : openAt(input);
    const stdio = file ?? (input === undefined ? "ignore" : "pipe");
    const lock = lockFd === undefined ? [] : [lockFd];
    child = spawn("git", args, { cwd: dir, env, detached: true, stdio: [stdio, "pipe", "pipe", ...lock] });
  } catch (error) {
    return neverStarted(messageOf(error));
  } finally {
    if (file !== null) closeSync(file);
  }
  const pipes = pipesOf(child, "stdout", "stderr");
  if (pipes === null) return neverStarted(`${what} could not be started: ${TOO_MANY_FILES}`);
  const { stdout, stderr } = pipes;
  running.add(child);
  let timedOut = false;
  let aborted = false;
  let error: Error | null = null;
  let force: NodeJS.Timeout | undefined;
  let held: NodeJS.Timeout | undefined;
  const closeIn = (ms: number): void => {
    held ??= setTimeout(() => [stdout, stderr].forEach((stream) => stream.destroy()), ms);
  };
  const stop = (): void => {
    signalGroup(child, "SIGTERM");
    force ??= setTimeout(() => signalGroup(child, "SIGKILL"), forceMs);
    closeIn(forceMs + HELD_MS);
  };
  const onAbort = (): void => {
    aborted = !timedOut;
    stop();
  };
  const late = setTimeout(() => {
    timedOut = !aborted;
    stop();
  }, timeoutMs);
  signal?.addEventListener("abort", onAbort, { once: true });
  child.on("error", (one) => (error ??= one));
  if (child.stdin && Buffer.isBuffer(input)) send(child.stdin, input);
  const ended = new Promise<GitProcessEnd>((resolve) => {
    child.once("close", (code: number | null, by: NodeJS.Signals | null) => {
      running.delete(child);
      clearTimeout(late);
      clearTimeout(force);
      clearTimeout(held);
      signal?.removeEventListener("abort", onAbort);
      const isStarted = child.pid !== undefined;
      const how = isStarted ? `${what} ended by ${by ?? `exit code ${code}`}` : `${what}: ${error?.message ?? ""}`;
      const limit = timedOut ? `${what} took longer than ${timeoutMs / 1000} s` : null;
      resolve({ code: isStarted ? (code ?? undefined) : undefined, how: limit ?? how, timedOut, aborted });
    });
  });
  return {
    stdout,
    stderr,
    onExit: (then) => void child.once("exit", then),
    ended,
    stop,
    kill() {
      signalGroup(child, "SIGKILL");
      closeIn(HELD_MS);
    },
  };
}

/** Open a file. Its descriptor reads from this position on, also in another process. */
function openAt({ file, from }: Exclude<GitInput, Buffer>): number {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const skipped = Buffer.alloc(Math.min(from, SKIP_BYTES));
    for (let left = from, read = 1; left > 0 && read > 0; left -= read) {
      read = readSync(fd, skipped, 0, Math.min(left, skipped.length), null);
    }
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** One that ends before it has read its input says so by its exit. */
function send(stdin: Writable, input: Buffer): void {
  stdin.on("error", () => undefined);
  stdin.end(input);
}

/** Also after the exit of git itself, because processes of its group may still run. */
function signalGroup(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, name);
  } catch {
    child.kill(name); // There is no group any more, or not yet.
  }
}

function neverStarted(why: string): GitProcess {
  const ended = Promise.resolve({ code: undefined, how: why, timedOut: false, aborted: false });
  const nothing = (): void => undefined;
  return { stdout: Readable.from([]), stderr: Readable.from([]), onExit: nothing, ended, stop: nothing, kill: nothing };
}
