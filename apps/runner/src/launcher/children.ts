import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { closeSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { asIdentity, inFolder, type Identity } from "./identity.ts";
import { processesOf } from "./processes.ts";

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const CAP_SETPCAP = 8n;
const O_CLOEXEC = 0o2000000;
const KILL_MS = 10_000;
const PAUSE_MS = 15;
const CHORE_MS = 60_000;
const MAX_ERROR_TEXT = 2000;
/**
 * Variables that the loader and the C library read, and that make them load files: the program that changes the user is
 * root when it starts.
 */
const FOR_LOADER = /^(?:LD_|GCONV_PATH$|GLIBC_TUNABLES$|LOCPATH$|NLSPATH$|LANGUAGE$|MALLOC_)/;
/** Folders that every user can write to. */
const SHARED = ["/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue"];

/** Start a program as a user. */
export function startAs(
  identity: Identity,
  program: readonly string[],
  options: {
    readonly env?: Readonly<Record<string, string>>;
    readonly cwd?: string;
    readonly stdio: StdioOptions;
    readonly detached?: boolean;
  },
): ChildProcess {
  const { env = {}, cwd, stdio, detached = true } = options;
  const all = Object.entries({ PATH, ...env });
  const later = all
    .filter(([variable]) => FOR_LOADER.test(variable))
    .map(([variable, value]) => `${variable}=${value}`);
  const [name = "", ...args] = [
    ...asIdentity(identity, { bounds: canBound() }),
    ...(later.length === 0 ? [] : ["/usr/bin/env", ...later]),
    ...(cwd === undefined ? [] : inFolder(cwd)),
    ...program,
  ];
  return spawn(name, args, {
    cwd: "/",
    env: Object.fromEntries(all.filter(([variable]) => !FOR_LOADER.test(variable))),
    stdio,
    detached,
  });
}

interface ChoreOptions {
  readonly limitMs?: number;
  /** Resolves when no caller waits for the program; it is then killed. */
  readonly until?: Promise<void>;
}

/** Run a short program of tac8 as a user. @throws Error with its output */
export async function runAs(
  identity: Identity,
  program: readonly string[],
  { limitMs = CHORE_MS, until }: ChoreOptions = {},
): Promise<void> {
  const child = startAs(identity, program, { stdio: ["ignore", "ignore", "pipe"] });
  let words = "";
  child.stderr?.on("data", (chunk: Buffer) => (words = (words + chunk.toString("utf8")).slice(0, MAX_ERROR_TEXT)));
  const kill = (): void => void child.kill("SIGKILL");
  const timer = setTimeout(kill, limitMs);
  void until?.then(kill);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  child.once("error", reject);
  child.once("close", (code, signal) => {
    if (code === 0) resolve();
    else reject(new Error(words.trim().split("\n")[0] || `${program[0]} ended with ${signal ?? code}`));
  });
  try {
    await promise;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Kill every process of a user id at once: `kill -1` by a process of that user gives a fork bomb no time to continue.
 * If no such process can be started, because the machine has no more room, kill them one by one.
 */
export async function killAll(uid: number): Promise<{ readonly killed: number; readonly remaining: number }> {
  const deadline = performance.now() + KILL_MS;
  let killed = 0;
  for (;;) {
    const found = processesOf(uid);
    if (found.length === 0) return { killed, remaining: 0 };
    killed = Math.max(killed, found.length);
    if (performance.now() > deadline) return { killed, remaining: found.length };
    // A process that is killed by its own signal is not an error.
    await runAs({ uid, gid: uid }, [
      "/bin/sh",
      "-c",
      'test "$(id -u)" = "$1" && kill -KILL -1',
      "sh",
      String(uid),
    ]).catch(() => undefined);
    for (const signal of ["SIGSTOP", "SIGKILL"] as const) for (const pid of processesOf(uid)) kill(pid, signal);
    await sleep(PAUSE_MS);
  }
}

/** Remove the files of a user id in folders that all users can write to, and its shared memory and message queues. */
export async function removeTraces(uid: number): Promise<void> {
  const identity = { uid, gid: uid };
  const own = ["-mindepth", "1", "-xdev", "-uid", String(uid)];
  // The owner of a folder cannot empty it without its permissions. First remove whole trees; then remove the rest,
  // without long paths.
  const chores = [
    [
      "-mindepth",
      "1",
      "-maxdepth",
      "1",
      "-uid",
      String(uid),
      "-type",
      "d",
      "-exec",
      "chmod",
      "-R",
      "u+rwX",
      "--",
      "{}",
      "+",
    ],
    [...own, "-type", "d", "!", "-perm", "-700", "-execdir", "chmod", "u+rwx", "--", "{}", ";"],
    [...own, "-delete"],
  ];
  // Errors for missing files, or for files of other users, are ignored.
  for (const chore of chores) await runAs(identity, ["find", ...SHARED, ...chore]).catch(() => undefined);
  await runAs(identity, ["ipcrm", "--all"]).catch(() => undefined);
}

/**
 * Close the descriptors that this process has inherited in addition to the standard ones: every program that it starts
 * would get them.
 */
export function closeInherited(): void {
  for (const fd of readdirSync("/proc/self/fd").map(Number)) {
    if (fd > 2 && !closesOnExec(fd)) closeSync(fd);
  }
}

/** Return whether a descriptor closes on exec, like every descriptor that Node opens. */
function closesOnExec(fd: number): boolean {
  try {
    const [, flags = "0"] = /^flags:\s+([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8")) ?? [];
    return (parseInt(flags, 8) & O_CLOEXEC) !== 0;
  } catch {
    return true; // The descriptor by which the list was read.
  }
}

let bound: boolean | null = null;

function canBound(): boolean {
  bound ??= hasCapability(readFileSync("/proc/self/status", "utf8"), CAP_SETPCAP);
  return bound;
}

/** Return whether a process with this `/proc/<pid>/status` has the capability of this number. Pure. */
export function hasCapability(status: string, number: bigint): boolean {
  const [, set = "0"] = /^CapEff:\s+([0-9a-f]+)$/m.exec(status) ?? [];
  return ((BigInt(`0x${set}`) >> number) & 1n) === 1n;
}

function kill(pid: number, signal: "SIGSTOP" | "SIGKILL"): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has exited.
  }
}
