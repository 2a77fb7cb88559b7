import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { startGit, type GitInput, type GitProcess } from "./gitProcess.ts";

/** How long to wait for output that another process than git holds open, for example one that a filter has started. */
const HELD_MS = 5000;

export interface GitCommand {
  readonly dir: string;
  /** The complete environment, from `gitEnvironment`. */
  readonly env: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly input?: GitInput | undefined;
  /**
   * Destination of the standard output instead of the answer; it is ended with the output. `maxBytes` does not apply to
   * it.
   */
  readonly output?: Writable | undefined;
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** See `GitProcessOptions`. */
  readonly lockFd?: number | undefined;
}

export interface GitAnswer {
  /** Exit code; undefined if git was killed, could not be started, or printed more than `maxBytes`. */
  readonly code: number | undefined;
  readonly bytes: Buffer;
  /** Its trimmed standard error. */
  readonly stderr: string;
  /** Its standard error, or a description of the failure if it is empty. */
  readonly errorText: string;
}

/** Run one git command in a folder of either side. */
export type RunGit = (
  args: readonly string[],
  options: Pick<GitCommand, "input" | "output" | "maxBytes" | "timeoutMs">,
) => Promise<GitAnswer>;

/**
 * Run one git command with bytes as input and output, because file names need not be text. A non-zero exit code is an
 * answer, not an error. @throws the signal's reason.
 */
export async function runGit(command: GitCommand): Promise<GitAnswer> {
  const { output, maxBytes, signal } = command;
  signal?.throwIfAborted(); // A process that is started despite the abort may write before it is stopped.
  const git = startGit(command);
  const sent = output === undefined ? null : send(git.stdout, output);
  const answer = output === undefined ? collect(git, "stdout", maxBytes) : NOTHING;
  const errors = collect(git, "stderr", maxBytes);
  let held: NodeJS.Timeout | undefined;
  git.onExit(() => {
    if (output !== undefined) return; // Its reader may need longer than git.
    held = setTimeout(() => [git.stdout, git.stderr].forEach((stream) => stream.destroy()), HELD_MS);
  });
  const { code: exitCode, how, timedOut, aborted } = await git.ended;
  clearTimeout(held);
  const isWhole = (await sent) ?? true;
  if (aborted) signal?.throwIfAborted();
  const isTooMuch = answer.isTooMuch || errors.isTooMuch;
  const stderr = errors.bytes().toString("utf8").trim();
  const code = isTooMuch || timedOut || !isWhole ? undefined : exitCode;
  const why = isTooMuch ? `git ${command.args[0] ?? ""} printed more than ${maxBytes} bytes` : how;
  return { code, bytes: answer.bytes(), stderr, errorText: stderr || (code === 0 || !isWhole ? "" : why) };
}

interface Collected {
  /** There was more than was to be read. */
  readonly isTooMuch: boolean;
  readonly bytes: () => Buffer;
}

const NOTHING: Collected = { isTooMuch: false, bytes: () => Buffer.alloc(0) };

/** Keep the output of one stream. If there is too much, git is ended. */
export function collect(git: GitProcess, name: "stdout" | "stderr", maxBytes: number): Collected {
  const chunks: Buffer[] = [];
  let size = 0;
  const stream = git[name];
  stream.on("error", () => undefined); // It was cut off: its end says what happened.
  stream.on("data", (chunk: Buffer) => {
    const room = maxBytes - size;
    size += chunk.length;
    if (room > 0) chunks.push(room < chunk.length ? chunk.subarray(0, room) : chunk);
    if (size > maxBytes) git.stop();
  });
  return {
    get isTooMuch() {
      return size > maxBytes;
    },
    bytes: () => Buffer.concat(chunks),
  };
}

/** Pass a stream on to its destination, and end that with it. @returns whether all of it arrived */
export async function send(from: NodeJS.ReadableStream, to: Writable): Promise<boolean> {
  try {
    await pipeline(from, to);
    return true;
  } catch {
    return false;
  }
}
