import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import type { Leftovers } from "../leftovers.ts";

export interface Timed {
  /** Elapsed time of one repetition. */
  readonly wallMs: number;
  /** User and system time of one repetition and all its children. */
  readonly cpuMs: number;
  /** Standard output of all repetitions. */
  readonly output: string;
}

export interface TimedCommand {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Repetitions in a row; bash counts in whole milliseconds. */
  readonly repeat?: number;
  /** Exit codes that count as a success. Default: 0. */
  readonly codes?: readonly number[];
  readonly leftovers: Leftovers;
  readonly signal: AbortSignal;
}

/** Shell code. The errors of the command go to descriptor 3, so that descriptor 2 has only the times. */
const SCRIPT = 'TIMEFORMAT="%3R %3U %3S"; times=$1; shift; time for ((i = 0; i < times; i++)); do "$@" 2>&3; done';

/** Run a command and measure it with bash's `time`. @throws Error with the command's errors if it fails */
export async function timed(options: TimedCommand): Promise<Timed> {
  const { command, env, cwd, repeat = 1, codes = [0], leftovers, signal } = options;
  signal.throwIfAborted();
  const child = spawn("bash", ["-c", SCRIPT, "bash", String(repeat), ...command], {
    env,
    cwd,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    // In its own process group, so that the whole group can be killed.
    detached: true,
  });
  const { pid = 0, stdout, stderr } = child;
  const kill = () => void (pid > 0 && killGroup(pid));
  const forget = leftovers.process(-pid);
  signal.addEventListener("abort", kill, { once: true });
  try {
    const errors = child.stdio[3];
    if (stdout === null || stderr === null || errors === null || errors === undefined) throw new Error("no pipes");
    const [output, times, printed, [code]] = await Promise.all([
      text(stdout),
      text(stderr),
      text(errors as NodeJS.ReadableStream),
      once(child, "close") as Promise<[number | null]>,
    ]);
    signal.throwIfAborted();
    if (code === null || !codes.includes(code)) {
      throw new Error(`${command.join(" ")} failed (${code ?? "killed"}): ${printed.slice(-2000)}${times.slice(-500)}`);
    }
    const [real = 0, user = 0, system = 0] = times.trim().split(/\s+/).map(Number);
    return { wallMs: (real * 1000) / repeat, cpuMs: ((user + system) * 1000) / repeat, output };
  } finally {
    signal.removeEventListener("abort", kill);
    forget();
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    return; // The process has just exited.
  }
}
