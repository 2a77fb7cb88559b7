import { setTimeout as sleep } from "node:timers/promises";

interface Until {
  readonly signal: AbortSignal;
  /** Completes "timed out: …". */
  readonly what: string;
  readonly timeoutMs?: number;
  readonly everyMs?: number;
}

/** Ask until the answer is true. @throws Error after `timeoutMs` (a minute), or the signal's reason. */
export async function until(ask: () => boolean | Promise<boolean>, options: Until): Promise<void> {
  const { signal, what, timeoutMs = 60_000, everyMs = 10 } = options;
  const deadline = performance.now() + timeoutMs;
  while (!(await ask())) {
    if (performance.now() > deadline) throw new Error(`timed out: ${what}`);
    await pause(everyMs, signal);
  }
}

/** @throws the signal's reason. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    throw signal.reason;
  }
}

/** A promise that is awaited later: when it fails before, the one who awaits it gets the error. */
export function later<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** Epoch milliseconds, with fractions. */
export function epochMs(): number {
  return performance.timeOrigin + performance.now();
}

/** Repeat a measurement, with the index of each. */
export async function times<T>(count: number, measure: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let index = 0; index < count; index += 1) results.push(await measure(index));
  return results;
}
