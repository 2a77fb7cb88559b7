import { StepFailure } from "@tac8/core/domain/failures";
import { execa } from "execa";
import { networkEnv, tokenAnswer, TOKEN_FD, type CleanSide, type NetworkBounds } from "./cleanSide.ts";
import { classifyRefusedPush } from "./refusedPush.ts";
import { remoteStep, saysRefusedToken } from "./errors.ts";
import { sanitizeRepository } from "./sanitizeRepository.ts";

const MINUTE_MS = 60_000;
/** Limit of the output: progress of a long fetch, and the names of many branches. */
const MAX_BYTES = 20_000_000;

/**
 * Time limits. The limit for silence stops a git whose answer was cut off; the limit for the total time stops one that
 * receives data very slowly. A small host needs long for a large repository: it checks a fetched pack without any
 * output, and an interrupted clone starts again.
 */
const BOUNDS = {
  ask: { silentMs: 2 * MINUTE_MS, wallMs: 5 * MINUTE_MS },
  fetch: { silentMs: 15 * MINUTE_MS, wallMs: 120 * MINUTE_MS },
  push: { silentMs: 5 * MINUTE_MS, wallMs: 60 * MINUTE_MS },
} as const satisfies NetworkBounds;

export interface NetworkCommand {
  /** The action, as text for users. */
  readonly what: string;
  readonly kind: keyof NetworkBounds;
  /** A bare repository of the clean side. */
  readonly dir: string;
  readonly args: readonly string[];
  readonly signal?: AbortSignal | undefined;
  /** Called when git has been started, each time. */
  readonly onStart?: (() => void) | undefined;
}

/**
 * Run one git command that talks to GitHub. The token is in no argument and no environment. Whatever GitHub sends or
 * does not send, the command and all its processes end in time. @returns the trimmed output of git. @throws GitHubError
 * if there is no token; StepFailure of kind `github` at a time limit, with git's message as `cause`; or the signal's
 * reason.
 */
export async function overNetwork(side: CleanSide, command: NetworkCommand): Promise<string> {
  const { what, kind, dir, args, signal, onStart = () => undefined } = command;
  await sanitizeRepository(dir, side.mirrorDir);
  const { silentMs, wallMs } = side.bounds?.[kind] ?? BOUNDS[kind];
  const bound = new AbortController();
  const end = (why: string) => bound.abort(why);
  const clock = setTimeout(end, wallMs, `it took longer than ${inWords(wallMs)}`);
  const silence = setTimeout(end, silentMs, `git printed nothing for ${inWords(silentMs)}`);
  try {
    const either = signal === undefined ? bound.signal : AbortSignal.any([signal, bound.signal]);
    const onOutput = () => silence.refresh();
    const running = { dir, args, signal: either, onStart, onOutput };
    return await remoteStep(what, side.tokens.name, () => withToken(side, running));
  } catch (error) {
    signal?.throwIfAborted();
    if (!bound.signal.aborted) throw error;
    const message = `${what}: broken off, because ${String(bound.signal.reason)}`;
    throw new StepFailure({ kind: "github", message }, { cause: error });
  } finally {
    clearTimeout(clock);
    clearTimeout(silence);
  }
}

/**
 * Run the command, and again if there is another token. GitHub does nothing for a token that it refuses, and does not
 * accept a push that changes workflows without permission, so a second run is safe.
 */
async function withToken(side: CleanSide, running: Omit<Running, "token">): Promise<string> {
  const { signal } = running;
  const token = await side.tokens.get({ signal });
  try {
    return await run(side, { ...running, token });
  } catch (error) {
    const errorText = error instanceof Error ? error.message : "";
    const isRefused = saysRefusedToken(errorText);
    const another = isRefused
      ? await side.tokens.replace(token, { signal })
      : await widened(side, { token, errorText, signal });
    if (another === null) throw error;
    return await run(side, { ...running, token: another });
  }
}

async function widened(
  { tokens, url }: CleanSide,
  { token, errorText, signal }: { readonly token: string; readonly errorText: string; readonly signal: AbortSignal },
): Promise<string | null> {
  if (classifyRefusedPush(errorText).lacksWorkflows === true)
    return tokens.renewForAccess(token, "workflows", { signal });
  const [, owner, repo] = /\/([^/]+)\/([^/]+?)(?:\.git)?$/.exec(url) ?? [];
  const isOutOfReach = /returned error: 40[34]|repository .*not found/i.test(errorText);
  if (!isOutOfReach || owner === undefined || repo === undefined) return null;
  return tokens.renewForAccess(token, { owner, repo }, { signal });
}

interface Running {
  readonly token: string;
  readonly dir: string;
  readonly args: readonly string[];
  readonly signal: AbortSignal;
  readonly onStart: () => void;
  readonly onOutput: () => void;
}

/** @throws Error with git's message, or with its exit code if there is none */
async function run(side: CleanSide, running: Running): Promise<string> {
  const { token, dir, args, signal, onStart, onOutput } = running;
  const child = execa("git", args, {
    cwd: dir,
    extendEnv: false,
    env: networkEnv(side, dir),
    stdio: ["ignore", "pipe", "pipe", { value: "pipe", input: true }],
    maxBuffer: MAX_BYTES,
    // Git waits for its helpers: one that waits for GitHub would continue during the next try.
    killDescendants: true,
    forceKillAfterDelay: 5000,
    cancelSignal: signal,
    reject: false,
  });
  const socket = child.stdio[TOKEN_FD];
  socket?.on("error", () => undefined); // Git may exit without asking for the token.
  socket?.end(tokenAnswer(token));
  onStart();
  child.stdout.on("data", onOutput);
  child.stderr.on("data", onOutput);
  const { exitCode, stdout, stderr, isMaxBuffer, shortMessage } = await child;
  // Only the exit code counts: a git that needs no token leaves it unread, which resets the socket.
  if (exitCode === 0 && !isMaxBuffer) return stdout.trim();
  const errorText = `${stdout}\n${stderr}`.trim();
  throw new Error(exitCode === undefined ? `${shortMessage}\n${errorText}` : errorText || `exit code ${exitCode}`);
}

function inWords(ms: number): string {
  return ms < MINUTE_MS ? `${ms / 1000} s` : `${Math.round(ms / MINUTE_MS)} minutes`;
}
