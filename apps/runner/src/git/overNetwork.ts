import { nameToken } from "@tac8/core/config/tokenName";
import { StepFailure } from "@tac8/core/domain/failures";
import { RUN_MARKER } from "@tac8/core/domain/runMarker";
import { killSurvivors } from "../process/survivors.ts";
import { cleanGit, type CleanSide, type NetworkBounds } from "./cleanSide.ts";
import { remoteStep } from "./errors.ts";
import { sanitizeRepository } from "./sanitizeRepository.ts";

const MINUTE_MS = 60_000;

/**
 * Silence ends a git that waits for an answer which was cut; the clock ends one that is fed by drops. A small machine takes
 * its time over a big repository: it checks what a fetch brought without a word, and a clone that is broken off begins anew.
 */
const BOUNDS = {
  ask: { silentMs: 2 * MINUTE_MS, wallMs: 5 * MINUTE_MS },
  fetch: { silentMs: 15 * MINUTE_MS, wallMs: 120 * MINUTE_MS },
  push: { silentMs: 5 * MINUTE_MS, wallMs: 60 * MINUTE_MS },
} as const satisfies NetworkBounds;

export interface NetworkCommand {
  /** What is tried, in words for a person. */
  readonly what: string;
  readonly kind: keyof NetworkBounds;
  /** A bare repository of the clean side. */
  readonly dir: string;
  readonly args: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * One git command that talks to GitHub, with the token. Whatever GitHub sends or holds back, it ends in time. @returns what
 * git says. @throws StepFailure, of kind `github` at a bound; `cause` has git's own words.
 */
export async function overNetwork(side: CleanSide, command: NetworkCommand): Promise<string> {
  const { what, kind, dir, args, signal } = command;
  await sanitizeRepository(dir, side.mirrorDir);
  const { silentMs, wallMs } = side.bounds?.[kind] ?? BOUNDS[kind];
  const clock = new AbortController();
  const timer = setTimeout(() => clock.abort(), wallMs);
  const either = signal === undefined ? clock.signal : AbortSignal.any([signal, clock.signal]);
  try {
    const git = cleanGit(side, dir, { withToken: true, silentMs, signal: either });
    return await remoteStep(what, nameToken(side.tokenSource ?? null), () => git.raw([...args]));
  } catch (error) {
    if (signal?.aborted === true) throw error;
    const why = clock.signal.aborted
      ? `it took longer than ${inWords(wallMs)}`
      : /block timeout/.test(String(error))
        ? `nothing was heard of it for ${inWords(silentMs)}`
        : null;
    if (why === null) throw error;
    await endLeftovers(side);
    throw new StepFailure({ kind: "github", message: `${what}: broken off, because ${why}` }, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** Git waits for its helpers, and one that waits for GitHub hears no polite signal: it would go on beside the next try. */
async function endLeftovers({ env }: CleanSide): Promise<void> {
  const run = env[RUN_MARKER];
  if (run !== undefined) await killSurvivors({ runId: run, except: [process.pid] });
}

function inWords(ms: number): string {
  return ms < MINUTE_MS ? `${ms / 1000} s` : `${Math.round(ms / MINUTE_MS)} minutes`;
}
