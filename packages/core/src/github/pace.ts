import { setTimeout as sleep } from "node:timers/promises";

/** Requests on their way at once, of one client. GitHub allows an account 100. */
const MAX_AT_ONCE = 10;

/** A request as Octokit's hooks get it. */
export interface Paced {
  readonly method: string;
  /** A template, in which nothing has been put yet, or a whole address. */
  readonly url: string;
  /** `retries`: tries after the first one, if the default does not fit. */
  readonly request?: { readonly signal?: AbortSignal | undefined; readonly retries?: number | undefined } | undefined;
}

export interface PaceOptions {
  /** Least time between the starts of two writes. A query by GraphQL is a read, although it is sent by POST. */
  readonly writeIntervalMs: number;
  /** Milliseconds before the next try; null: there is none. `tried`: how often it was tried before, from 1. */
  readonly waitAfter: (error: unknown, paced: Paced, tried: number) => number | null;
}

/**
 * Return a wrapper for requests: at most ten at once, writes at a distance from each other, and again after a failure that may
 * pass. It costs no time where nothing has to wait: a chain of Bottleneck's limiters took 14 ms for each request, all of it in
 * timers. An abort ends each wait. @throws what the last try threw, or the abort error of a wait
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

/** Return a function that resolves at the caller's turn: first come, first served, `intervalMs` after the turn before. */
function createTurns(intervalMs: number): (signal: AbortSignal | undefined) => Promise<void> {
  let next = 0;
  return async (signal) => {
    const now = performance.now();
    const turn = Math.max(now, next);
    next = turn + intervalMs;
    if (turn > now) await sleep(turn - now, undefined, { signal });
  };
}

/** Return a function that resolves, first come, first served, when fewer than `most` callers are inside. It gives the way out. */
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
      inside += 1; // Here, and not where it resolves: another process could come in between.
      resolve();
    };
    waiting.add(enter);
    signal?.addEventListener("abort", onAbort, { once: true });
    await promise;
  }
}
