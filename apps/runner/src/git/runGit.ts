import type { Readable } from "node:stream";
import { startGit, type GitInput, type GitProcess, type GitProcessOptions } from "./gitProcess.ts";

/** How long to wait for output that another process than git holds open, for example one that a filter has started. */
const HELD_MS = 5000;

export interface GitCommand {
  readonly dir: string;
  /** The complete environment, from `gitEnvironment`. */
  readonly env: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly input?: GitInput | undefined;
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
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

/**
 * Run one git command with bytes as input and output, because file names need not be text. A non-zero exit code is an
 * answer, not an error. @throws the signal's reason.
 */
export async function runGit(
  command: GitCommand,
  { lockFd }: Pick<GitProcessOptions, "lockFd"> = {},
): Promise<GitAnswer> {
  const { maxBytes, signal } = command;
  signal?.throwIfAborted(); // A process that is started despite the abort may write before it is stopped.
  const git = startGit({ ...command, lockFd });
  const answer = collect(git, "stdout", maxBytes);
  const errors = collect(git, "stderr", maxBytes);
  let held: NodeJS.Timeout | undefined;
  git.onExit(() => {
    held = setTimeout(() => [git.stdout, git.stderr].forEach((stream) => stream.destroy()), HELD_MS);
  });
  const { code: exitCode, how, timedOut, aborted } = await git.ended;
  clearTimeout(held);
  if (aborted) signal?.throwIfAborted();
  const isTooMuch = answer.isTooMuch || errors.isTooMuch;
  const stderr = errors.bytes().toString("utf8").trim();
  const code = isTooMuch || timedOut ? undefined : exitCode;
  const why = isTooMuch ? `git ${command.args[0] ?? ""} printed more than ${maxBytes} bytes` : how;
  return { code, bytes: answer.bytes(), stderr, errorText: stderr || (code === 0 ? "" : why) };
}

interface Collected {
  /** There was more than was to be read. */
  readonly isTooMuch: boolean;
  readonly bytes: () => Buffer;
}

/** Keep the output of one stream. If there is too much, git is ended. */
function collect(git: GitProcess, name: "stdout" | "stderr", maxBytes: number): Collected {
  let size = 0;
  const bytes = keepStart(git[name], maxBytes);
  git[name].on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > maxBytes) git.stop();
  });
  return {
    get isTooMuch() {
      return size > maxBytes;
    },
    bytes,
  };
}

/** Read a stream to its end and keep its first bytes. @returns a function that returns them */
export function keepStart(stream: Readable, maxBytes: number): () => Buffer {
  const chunks: Buffer[] = [];
  let room = maxBytes;
  stream.on("error", () => undefined); // It was cut off: its end says what happened.
  stream.on("data", (chunk: Buffer) => {
    if (room > 0) chunks.push(room < chunk.length ? chunk.subarray(0, room) : chunk);
    room -= chunk.length;
  });
  return () => Buffer.concat(chunks);
}
