import { errorOf } from "@tac8/core/domain/messageOf";
import { Readable } from "node:stream";
import { startGit } from "./gitProcess.ts";
import { keepStart, type GitCommand } from "./runGit.ts";

/** A git command whose output is too large to keep. It runs for at most `timeoutMs`. */
export interface GitStream {
  readonly stdout: Readable;
  readonly ended: Promise<{
    readonly code: number | undefined;
    readonly errorText: string;
    readonly timedOut: boolean;
  }>;
  kill(): void;
}

export type GitStreamCommand = Pick<GitCommand, "dir" | "env" | "args" | "timeoutMs" | "signal">;

/** Number of bytes of its standard error that are kept. */
export const MAX_STREAM_WORDS = 20_000;
/** Time to end after SIGTERM. */
const FORCE_MS = 1000;

/**
 * Start one git command whose output is read while it runs. After an abort no process is started, and `stdout` fails
 * with the reason.
 */
export function streamGit({ dir, env, args, timeoutMs, signal }: GitStreamCommand): GitStream {
  if (signal?.aborted === true) return failedStream(signal.reason);
  const git = startGit({ dir, env, args, timeoutMs, forceMs: FORCE_MS, signal });
  const errors = keepStart(git.stderr, MAX_STREAM_WORDS);
  return {
    stdout: git.stdout,
    ended: git.ended.then(({ code, how, timedOut }) => ({
      code,
      errorText: errors().toString("utf8").trim() || (code === undefined ? how : ""),
      timedOut,
    })),
    kill: () => git.kill(),
  };
}

/** Return the stream of a command that was not started, which fails with this reason. */
export function failedStream(reason: unknown): GitStream {
  const error = errorOf(reason);
  const stdout = new Readable({ read: () => undefined });
  stdout.on("error", () => undefined); // The reader may attach its listener later.
  stdout.destroy(error);
  return {
    stdout,
    ended: Promise.resolve({ code: undefined, errorText: error.message, timedOut: false }),
    kill: () => undefined,
  };
}
