import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, fstatSync, openSync, statSync } from "node:fs";

/** A lock that every container sharing the file's volume sees: flock(2) on the file, owned by the open descriptor. */
export interface Lock {
  readonly path: string;
  /** Hand it to a child as inherited descriptor: the lock then lasts until the last holder has closed it or died. */
  readonly fd: number;
  /** Closes our descriptor. Idempotent; a child that inherited it keeps the lock. */
  readonly release: () => void;
}

export interface LockOptions {
  /** Aborting rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
  /** How long to wait at most. Default 30 s. */
  readonly timeoutMs?: number;
}

/** Another process had the lock for all of the time. */
export class LockTimeout extends Error {
  override readonly name = "LockTimeout";

  constructor(path: string, timeoutMs: number) {
    super(`lock ${path} was not free within ${timeoutMs} ms`);
  }
}

/** Nothing can be locked: the program `flock` is missing, or the file system has no locks. */
export class NoLocks extends Error {
  override readonly name = "NoLocks";
}

const CONFLICT = 75;
const REPLACED_TRIES = 10;

/**
 * Takes the lock if nobody has it, else gives null. Creates the file (mode 0600), never removes it. `readOnly`: nothing can be
 * written by its descriptor.
 * @throws Error when the file can't be opened, NoLocks when nothing can be locked.
 */
export async function tryLock(path: string, { readOnly = false } = {}): Promise<Lock | null> {
  for (let attempt = 0; attempt < REPLACED_TRIES; attempt += 1) {
    const taken = await attemptLock({ path, args: ["-n"], readOnly });
    if (taken !== "replaced") return taken;
  }
  throw new Error(`lock file ${path} is replaced repeatedly: find out which program removes it`);
}

/**
 * Waits for the lock.
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
    // The lock belongs to the open file description, which the child shares: it stays when the child ended.
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
