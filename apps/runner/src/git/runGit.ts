import { execa } from "execa";

export interface GitCommand {
  readonly dir: string;
  /** The whole environment, of `gitEnvironment`. */
  readonly env: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly input?: Buffer | undefined;
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface GitAnswer {
  /** Undefined: it was killed, or could not be started. */
  readonly code: number | undefined;
  readonly bytes: Buffer;
  /** Its standard error, trimmed. */
  readonly words: string;
  /** The words of its standard error; where it has none, what happened. */
  readonly said: string;
}

/** Run one git command in a folder of either side. */
export type GitRun = (
  args: readonly string[],
  options: Pick<GitCommand, "input" | "maxBytes" | "timeoutMs">,
) => Promise<GitAnswer>;

/**
 * One git command whose input and output are bytes: names of files need not be text. An exit code is an answer, not an
 * error. @throws the signal's reason.
 */
export async function runGit(command: GitCommand): Promise<GitAnswer> {
  const { dir, env, args, input, maxBytes, timeoutMs, signal } = command;
  const { exitCode, stdout, stderr, shortMessage, isCanceled } = await execa("git", args, {
    cwd: dir,
    extendEnv: false,
    env,
    encoding: "buffer",
    stripFinalNewline: false,
    ...(input === undefined ? { stdin: "ignore" as const } : { input }),
    maxBuffer: maxBytes,
    killDescendants: true,
    timeout: timeoutMs,
    reject: false,
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  if (isCanceled) signal?.throwIfAborted();
  const words = Buffer.from(stderr ?? "")
    .toString("utf8")
    .trim();
  return { code: exitCode, bytes: Buffer.from(stdout ?? ""), words, said: words || (shortMessage ?? "") };
}
