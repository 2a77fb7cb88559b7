import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { execa } from "execa";

/** How long output is waited for that something else than git holds open, such as what a filter has started. */
const HELD_MS = 5000;

export interface GitCommand {
  readonly dir: string;
  /** The whole environment, of `gitEnvironment`. */
  readonly env: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly input?: Buffer | undefined;
  /** Gets the standard output instead of the answer, and is ended with it. It is not limited by `maxBytes`. */
  readonly output?: Writable | undefined;
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface GitAnswer {
  /** Undefined: it was killed, could not be started, or said more than was to be read. */
  readonly code: number | undefined;
  readonly bytes: Buffer;
  /** Its standard error, trimmed. */
  readonly words: string;
  /** The words of its standard error; where it has none, what happened. */
  readonly errorText: string;
}

/** Run one git command in a folder of either side. */
export type GitRun = (
  args: readonly string[],
  options: Pick<GitCommand, "input" | "output" | "maxBytes" | "timeoutMs">,
) => Promise<GitAnswer>;

/**
 * One git command whose input and output are bytes: names of files need not be text. An exit code is an answer, not an
 * error. @throws the signal's reason.
 */
export async function runGit(command: GitCommand): Promise<GitAnswer> {
  const { dir, env, args, input, output, maxBytes, timeoutMs, signal } = command;
  signal?.throwIfAborted(); // One that is started all the same may begin to write before it is ended.
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
    if (output !== undefined) return; // Who reads it may need longer than git.
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

/** @returns false: not all of it arrived. */
async function send(from: NodeJS.ReadableStream, to: Writable): Promise<boolean> {
  try {
    await pipeline(from, to);
    return true;
  } catch {
    return false;
  }
}
