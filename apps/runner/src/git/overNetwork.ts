import { StepFailure } from "@tac8/core/domain/failures";
import { execa } from "execa";
import { networkEnv, tokenAnswer, TOKEN_FD, type CleanSide, type NetworkBounds } from "./cleanSide.ts";
import { classifyRefusedPush } from "./refusedPush.ts";
import { remoteStep, saysRefusedToken } from "./errors.ts";
import { sanitizeRepository } from "./sanitizeRepository.ts";

const MINUTE_MS = 60_000;
/** Progress of a long fetch, and the names of many branches. */
const MAX_BYTES = 20_000_000;

/**
 * Silence ends a git that waits for an answer which was cut; the clock ends one that is fed by drops. A small machine takes
 * its time over a big repository: it checks what a fetch brought without a word, and a clone that is broken off starts again.
 */
const BOUNDS = {
  ask: { silentMs: 2 * MINUTE_MS, wallMs: 5 * MINUTE_MS },
  fetch: { silentMs: 15 * MINUTE_MS, wallMs: 120 * MINUTE_MS },
  push: { silentMs: 5 * MINUTE_MS, wallMs: 60 * MINUTE_MS },
} as const satisfies NetworkBounds;

export interface NetworkCommand {
  /** The action, in words for people. */
  readonly what: string;
  readonly kind: keyof NetworkBounds;
  /** A bare repository of the clean side. */
  readonly dir: string;
  readonly args: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * Run one git command that talks to GitHub, with the token, which is in no argument and no environment. Whatever GitHub
 * sends or holds back, the command ends in time, and so does every process that it has started. @returns the output of git,
 * trimmed. @throws GitHubError where there is no token; StepFailure, of kind `github` at a bound: `cause` has git's own words. Or the signal's reason.
 */
export async function overNetwork(side: CleanSide, command: NetworkCommand): Promise<string> {
  const { what, kind, dir, args, signal } = command;
  await sanitizeRepository(dir, side.mirrorDir);
  const { silentMs, wallMs } = side.bounds?.[kind] ?? BOUNDS[kind];
  const bound = new AbortController();
  const end = (why: string) => bound.abort(why);
  const clock = setTimeout(end, wallMs, `it took longer than ${inWords(wallMs)}`);
  const silence = setTimeout(end, silentMs, `nothing was heard of it for ${inWords(silentMs)}`);
  try {
    const either = signal === undefined ? bound.signal : AbortSignal.any([signal, bound.signal]);
    const onOutput = () => silence.refresh();
    return await remoteStep(what, side.tokens.name, () => withToken(side, { dir, args, signal: either, onOutput }));
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
 * GitHub has done nothing for a token that it refuses, nor taken a push that changes workflows without permission, so the command
 * runs again where there is another token.
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
  if (classifyRefusedPush(errorText).lacksWorkflows === true) return tokens.widen(token, "workflows", { signal });
  const [, owner, repo] = /\/([^/]+)\/([^/]+?)(?:\.git)?$/.exec(url) ?? [];
  const isOutOfReach = /returned error: 40[34]|repository .*not found/i.test(errorText);
  if (!isOutOfReach || owner === undefined || repo === undefined) return null;
  return tokens.widen(token, { owner, repo }, { signal });
}

interface Running {
  readonly token: string;
  readonly dir: string;
  readonly args: readonly string[];
  readonly signal: AbortSignal;
  readonly onOutput: () => void;
}

/** @throws Error with git's words, or with its exit code where it said nothing. */
async function run(side: CleanSide, { token, dir, args, signal, onOutput }: Running): Promise<string> {
  const child = execa("git", args, {
    cwd: dir,
    extendEnv: false,
    env: networkEnv(side, dir),
    stdio: ["ignore", "pipe", "pipe", { value: "pipe", input: true }],
    maxBuffer: MAX_BYTES,
    // Git waits for its helpers: one that waits for GitHub would continue beside the next try.
    killDescendants: true,
    forceKillAfterDelay: 5000,
    cancelSignal: signal,
    reject: false,
  });
  const socket = child.stdio[TOKEN_FD];
  socket?.on("error", () => undefined); // Git may end without having asked.
  socket?.end(tokenAnswer(token));
  child.stdout.on("data", onOutput);
  child.stderr.on("data", onOutput);
  const { exitCode, stdout, stderr, isMaxBuffer, shortMessage } = await child;
  // No other error of the result counts: a git that was not asked for the token leaves it unread, which resets the socket.
  if (exitCode === 0 && !isMaxBuffer) return stdout.trim();
  const errorText = `${stdout}\n${stderr}`.trim();
  throw new Error(exitCode === undefined ? `${shortMessage}\n${errorText}` : errorText || `exit code ${exitCode}`);
}

function inWords(ms: number): string {
  return ms < MINUTE_MS ? `${ms / 1000} s` : `${Math.round(ms / MINUTE_MS)} minutes`;
}
