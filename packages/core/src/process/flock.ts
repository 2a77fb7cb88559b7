import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, fstatSync, openSync, statSync } from "node:fs";

/** A lock by flock(2), owned by the open file descriptor. Every container that shares the file's volume sees it. */
export interface Lock {
  readonly path: string;
  /** A child may inherit this file descriptor: the lock then lasts until every process has closed it or died. */
  readonly fd: number;
  /** Close the file descriptor. Idempotent. A child that inherited it keeps the lock. */
  readonly release: () => void;
}

export interface LockOptions {
  /** Aborting rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
  /** Longest wait. Default 30 s. */
  readonly timeoutMs?: number;
}

/** Another process had the lock until the timeout. */
export class LockTimeout extends Error {
  override readonly name = "LockTimeout";

  constructor(path: string, timeoutMs: number) {
    super(`lock ${path} was not free within ${timeoutMs} ms`);
  }
}

/** Locking does not work: the program `flock` is missing, or the file system has no locks. */
export class NoLocks extends Error {
  override readonly name = "NoLocks";
}

const CONFLICT = 75;
const REPLACED_TRIES = 10;

/**
 * Acquire the lock; null: another process has it. Creates the file (mode 0600) and never removes it. `readOnly`: open the file only for
 * reading.
 * @throws Error when the file cannot be opened, NoLocks when locking does not work
 */
export async function tryLock(path: string, { readOnly = false } = {}): Promise<Lock | null> {
  for (let attempt = 0; attempt < REPLACED_TRIES; attempt += 1) {
    const taken = await attemptLock({ path, args: ["-n"], readOnly });
    if (taken !== "replaced") return taken;
  }
  throw new Error(`lock file ${path} is replaced repeatedly: find out which program removes it`);
}

/**
 * Wait for the lock.
 * @throws LockTimeout when it is not free within `timeoutMs`, or `signal.reason` when aborted.
 */
export async function lock(path: string, options: LockOptions = {}): Promise<Lock> {
  const timeoutMs = options.timeoutMs ?? 30_000;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    options.signal?.throwIfAborted();
    const left = Math.max(0.01, (deadline - performance.now()) / 1000);
    const taken = await attemptLock({ path, args: ["-w", left.toFixed(3)], signal: options.signal });
    if (taken !== null && taken !== "replaced") return taken;
    if (performance.now() >= deadline) throw new LockTimeout(path, timeoutMs);
  }
}

interface Attempt {
  readonly path: string;
  readonly args: readonly string[];
  readonly signal?: AbortSignal | undefined;
  readonly readOnly?: boolean;
}

async function attemptLock({ path, args, signal, readOnly = false }: Attempt): Promise<Lock | "replaced" | null> {
  const access = readOnly ? constants.O_RDONLY : constants.O_RDWR;
  const fd = openSync(path, constants.O_CREAT | access | constants.O_NOFOLLOW, 0o600);
  let keep = false;
  try {
    // The lock belongs to the open file description, which this process and the child share, so it remains when the child exits.
    if (!(await runFlock({ path, args, signal, fd }))) return null;
    if (!isStillThere(fd, path)) return "replaced";
    keep = true;
    return held(path, fd);
  } finally {
    if (!keep) closeSync(fd);
  }
}

async function runFlock({ path, args, signal, fd }: Attempt & { readonly fd: number }): Promise<boolean> {
  const child = spawn("flock", ["-E", String(CONFLICT), ...args, "3"], { stdio: ["ignore", "ignore", "ignore", fd] });
  const stop = (): void => void child.kill("SIGKILL");
  signal?.addEventListener("abort", stop, { once: true });
  try {
    const [code] = await once(child, "exit");
    signal?.throwIfAborted();
    if (code === 0) return true;
    if (code === CONFLICT) return false;
    throw new NoLocks(`flock on ${path} exited with code ${String(code)}: check that its file system supports locks`);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    throw new NoLocks("flock was not found: install it (sudo apt-get install util-linux)", { cause: error });
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

function isStillThere(fd: number, path: string): boolean {
  const there = statSync(path, { throwIfNoEntry: false });
  const ours = fstatSync(fd);
  return there !== undefined && there.ino === ours.ino && there.dev === ours.dev;
}

function held(path: string, fd: number): Lock {
  let open = true;
  return {
    path,
    fd,
    release() {
      if (!open) return;
      open = false;
      closeSync(fd);
    },
  };
}
