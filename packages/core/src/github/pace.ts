import { setTimeout as sleep } from "node:timers/promises";

/** Maximum number of concurrent requests of one client. GitHub allows 100 per account. */
const MAX_AT_ONCE = 10;

/** A request, as Octokit's hooks receive it. */
export interface Paced {
  readonly method: string;
  /** A URL template whose parameters are not expanded yet, or a complete URL. */
  readonly url: string;
  /** `retries`: tries after the first one, if the default does not fit. */
  readonly request?: { readonly signal?: AbortSignal | undefined; readonly retries?: number | undefined } | undefined;
}

export interface PaceOptions {
  /** Minimum time between the starts of two writes. A GraphQL query is a read, although it is sent by POST. */
  readonly writeIntervalMs: number;
  /** Return the ms before the next try; null: there is none. `tried`: number of tries so far, from 1. */
  readonly waitAfter: (error: unknown, paced: Paced, tried: number) => number | null;
}

/**
 * Return a wrapper for requests: at most ten run at once, writes have a minimum distance, and a temporary failure is retried. If there is no
 * reason to wait, it takes no time (a chain of Bottleneck's limiters took 14 ms for each request, all of it in timers). An abort
 * ends every wait. @throws the error of the last try, or the abort error of a wait
 */
export function createPace({ writeIntervalMs, waitAfter }: PaceOptions) {
  const enter = createGate(MAX_AT_ONCE);
  const takeTurn = createTurns(writeIntervalMs);
  return async <T>(paced: Paced, send: () => Promise<T>): Promise<T> => {
    const { signal } = paced.request ?? {};
    for (let tried = 1; ; tried += 1) {
      if (isWrite(paced)) await takeTurn(signal);
      const leave = await enter(signal);
      let waitMs: number | null;
      try {
        return await send();
      } catch (error) {
        waitMs = waitAfter(error, paced, tried);
        if (waitMs === null) throw error;
      } finally {
        leave();
      }
      await sleep(waitMs, undefined, { signal });
    }
  };
}

function isWrite({ method, url }: Paced): boolean {
  return !["GET", "HEAD"].includes(method) && !url.endsWith("/graphql");
}

/** Return a function that resolves at the caller's turn: first come, first served, `intervalMs` after the previous turn. */
function createTurns(intervalMs: number): (signal: AbortSignal | undefined) => Promise<void> {
  let next = 0;
  return async (signal) => {
    const now = performance.now();
    const turn = Math.max(now, next);
    next = turn + intervalMs;
    if (turn > now) await sleep(turn - now, undefined, { signal });
  };
}

/** Return a function that resolves, first come, first served, when fewer than `most` callers are active. It resolves to the release function. */
function createGate(most: number): (signal: AbortSignal | undefined) => Promise<() => void> {
  let inside = 0;
  const waiting = new Set<() => void>();
  const leave = (): void => {
    inside -= 1;
    const [first] = waiting;
    first?.();
  };
  return async (signal) => {
    signal?.throwIfAborted();
    if (inside >= most || waiting.size > 0) await nextPlace(signal);
    else inside += 1;
    return leave;
  };

  async function nextPlace(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = (): void => {
      waiting.delete(enter);
      reject(signal?.reason);
    };
    const enter = (): void => {
      waiting.delete(enter);
      signal?.removeEventListener("abort", onAbort);
      inside += 1; // Count it here and not after the await, because another caller could enter in between.
      resolve();
    };
    waiting.add(enter);
    signal?.addEventListener("abort", onAbort, { once: true });
    await promise;
  }
}
