import { setTimeout as sleep } from "node:timers/promises";

interface Until {
  readonly signal: AbortSignal;
  /** Text after "timed out: ". */
  readonly what: string;
  readonly timeoutMs?: number;
  readonly everyMs?: number;
}

/** Repeat a check until it returns true. @throws Error after `timeoutMs` (default: a minute), or the signal's reason */
export async function until(ask: () => boolean | Promise<boolean>, options: Until): Promise<void> {
  const { signal, what, timeoutMs = 60_000, everyMs = 10 } = options;
  const deadline = performance.now() + timeoutMs;
  while (!(await ask())) {
    if (performance.now() > deadline) throw new Error(`timed out: ${what}`);
    await pause(everyMs, signal);
  }
}

/** Wait for a time. @throws the signal's reason */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    throw signal.reason;
  }
}

/** Return a promise that is awaited later. If it rejects before, the error is not reported as unhandled. */
export function awaitedLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** Return the time in epoch milliseconds, with fractions. */
export function epochMs(): number {
  return performance.timeOrigin + performance.now();
}

/** Repeat a measurement, which gets its index. */
export async function times<T>(count: number, measure: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let index = 0; index < count; index += 1) results.push(await measure(index));
  return results;
}
