import { StepFailure } from "@tac8/core/domain/failures";
import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { runGit, type GitAnswer, type GitCommand } from "./runGit.ts";
import { streamGit, type GitStream, type GitStreamCommand } from "./streamGit.ts";

export interface ExecutorCommand extends GitCommand {
  /**
   * Destination of the standard output instead of the answer; it is ended with the output. `input` and `maxBytes` do not apply to such a
   * command.
   */
  readonly output?: Writable | undefined;
}

/** Run one git command in a folder of either side. */
export type RunGit = (
  args: readonly string[],
  options: Pick<ExecutorCommand, "input" | "output" | "maxBytes" | "timeoutMs">,
) => Promise<GitAnswer>;

/** Where git commands are started: see `runGit` and `streamGit`. */
export interface GitExecutor {
  run(command: ExecutorCommand): Promise<GitAnswer>;
  stream(command: GitStreamCommand): GitStream;
}

export function executorOf(
  run: (command: GitCommand) => Promise<GitAnswer>,
  stream: (command: GitStreamCommand) => GitStream,
): GitExecutor {
  return {
    async run(command) {
      return command.output === undefined ? run(command) : passOutput(stream(command), command);
    },
    stream,
  };
}

/** Starts git as a child of this process. */
export const ownGit: GitExecutor = executorOf((command) => runGit(command), streamGit);

/**
 * Pass the output of a command to its destination. @throws the signal's reason, StepFailure if the process that started git ended, which
 * says nothing about git
 */
async function passOutput({ stdout, ended }: GitStream, { output, args, signal }: ExecutorCommand): Promise<GitAnswer> {
  const sending = output === undefined ? false : send(stdout, output);
  const { code, errorText: stderr, timedOut } = await ended;
  if (code === undefined || timedOut) stdout.destroy(); // The reader may take no more, and what it got is not whole.
  const isWhole = await sending;
  signal?.throwIfAborted();
  if (stdout.errored instanceof StepFailure) throw stdout.errored;
  const why =
    code === 0 ? "" : `git ${args[0] ?? ""} ended by ${code === undefined ? "a signal" : `exit code ${code}`}`;
  return {
    code: isWhole && !timedOut ? code : undefined,
    bytes: Buffer.alloc(0),
    stderr,
    errorText: stderr || (isWhole ? why : ""),
  };
}

/** Pass a stream on to its destination, and end that with it. @returns whether all of it arrived */
async function send(from: NodeJS.ReadableStream, to: Writable): Promise<boolean> {
  try {
    await pipeline(from, to);
    return true;
  } catch {
    return false;
  }
}
