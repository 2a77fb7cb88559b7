/** npm passes SIGINT and SIGTERM on to a process that has them from the terminal: within this time both are one request. */
export const SAME_SIGNAL_MS = 300;

/** @returns a function that answers whether the same signal came less than `sameMs` ago; `now` in milliseconds */
export function createRepeats(sameMs: number): (signal: string, now: number) => boolean {
  const last = new Map<string, number>();
  return (signal, now) => {
    const before = last.get(signal) ?? -Infinity;
    last.set(signal, now);
    return now - before < sameMs;
  };
}
