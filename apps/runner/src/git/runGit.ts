import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { execa } from "execa";

/** How long to wait for output that another process than git holds open, for example one that a filter has started. */
const HELD_MS = 5000;

export interface GitCommand {
  readonly dir: string;
  /** The complete environment, from `gitEnvironment`. */
  readonly env: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly input?: Buffer | undefined;
  /**
   * Destination of the standard output instead of the answer; it is ended with the output. `maxBytes` does not apply to
   * it.
   */
  readonly output?: Writable | undefined;
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface GitAnswer {
  /** Exit code; undefined if git was killed, could not be started, or printed more than `maxBytes`. */
  readonly code: number | undefined;
  readonly bytes: Buffer;
  /** Its trimmed standard error. */
  readonly words: string;
  /** Its standard error, or a description of the failure if it is empty. */
  readonly errorText: string;
}

/** Run one git command in a folder of either side. */
export type GitRun = (
  args: readonly string[],
  options: Pick<GitCommand, "input" | "output" | "maxBytes" | "timeoutMs">,
) => Promise<GitAnswer>;

/**
 * Run one git command with bytes as input and output, because file names need not be text. A non-zero exit code is an
 * answer, not an error. @throws the signal's reason.
 */
export async function runGit(command: GitCommand): Promise<GitAnswer> {
  const { dir, env, args, input, output, maxBytes, timeoutMs, signal } = command;
  signal?.throwIfAborted(); // A process that is started despite the abort may write before it is stopped.
  const child = execa("git", args, {
    cwd: dir,
    extendEnv: false,
    env,
    encoding: "buffer",
    stripFinalNewline: false,
    ...(input === undefined ? { stdin: "ignore" as const } : { input }),
    maxBuffer: maxBytes,
    buffer: { stdout: output === undefined },
    killDescendants: true,
    timeout: timeoutMs,
    reject: false,
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  const sent = output === undefined ? Promise.resolve(true) : send(child.stdout, output);
  let held: NodeJS.Timeout | undefined;
  child.nodeChildProcess.once("exit", () => {
    if (output !== undefined) return; // Its reader may need longer than git.
    held = setTimeout(() => [child.stdout, child.stderr].forEach((stream) => stream?.destroy()), HELD_MS);
  });
  const { exitCode, stdout, stderr, shortMessage, isCanceled, isMaxBuffer, timedOut } = await child;
  clearTimeout(held);
  const isWhole = await sent;
  if (isCanceled) signal?.throwIfAborted();
  const words = Buffer.from(stderr ?? "")
    .toString("utf8")
    .trim();
  const code = isMaxBuffer || timedOut || !isWhole ? undefined : exitCode;
  return { code, bytes: Buffer.from(stdout ?? ""), words, errorText: words || (shortMessage ?? "") };
}

/** @returns whether all of it arrived */
async function send(from: NodeJS.ReadableStream, to: Writable): Promise<boolean> {
  try {
    await pipeline(from, to);
    return true;
  } catch {
    return false;
  }
}
